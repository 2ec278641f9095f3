/** The words of knowledge: found with their places, and gone with their documents. */
import { describe, expect, it } from "vitest";
import { limits } from "../../../schemas/limits.ts";
import { passagesOf } from "../../../server/app/sync/knowledge/passages.ts";
import { nodeSqlite } from "../../support/node-database.ts";
import { bytesOf, newWorld, synced, uploaded } from "./world.ts";

const handbook =
  "The kiln is fired at 1,240 degrees.\n\nGlaze rests for two days.\n\nVisitors wear goggles near the kiln.";

describe("[SY9] knowledge", () => {
  it("is found by its words, with the place in the text where they stand", () => {
    const sync = newWorld().wake();
    synced(sync, "knowledge", {
      changes: [
        { id: "handbook", title: "Handbook", body: handbook },
        { id: "b", body: "Tea." },
      ],
    });
    const [best] = sync.knowledge.find("How hot is the kiln fired?", undefined, 5);
    expect(best?.line).toMatchObject({ document_id: "handbook", title: "Handbook", start: 0, end: 35 });
    expect(handbook.slice(best?.line.start, best?.line.end)).toBe(best?.line.text);
    expect(best && sync.knowledge.has(best.line)).toBe(true);
    expect(sync.knowledge.find("kiln", ["b"], 5)).toEqual([]);
  });

  it("leaves no word in the index once it is deleted or changed, also not in what is deleted there", () => {
    const world = newWorld();
    const sync = world.wake();
    synced(sync, "knowledge", { changes: [{ id: "a", body: "The word is xylophone." }] });
    const [found] = sync.knowledge.find("xylophone", undefined, 5);
    synced(sync, "knowledge", { changes: [{ id: "a", revision: 1, body: "The word is marimba." }] });
    expect(found && sync.knowledge.has(found.line)).toBe(false);
    expect(sync.knowledge.find("marimba", undefined, 5)).toHaveLength(1);
    synced(sync, "knowledge", { changes: [{ id: "a", revision: 2, deleted: true }] });
    const { sql } = world.users.get("ada")?.open() ?? nodeSqlite(() => 0).open();
    for (const table of ["passages", "titles", "unread", "words"])
      expect(sql.exec(`SELECT * FROM ${table}`).toArray()).toEqual([]);
    const blocks = sql.exec<{ block: ArrayBuffer }>("SELECT block FROM words_data").toArray();
    for (const { block } of blocks) expect(new TextDecoder("latin1").decode(block)).not.toMatch(/xylophon|marimba/);
  });

  it("of a body in R2 is read soon after; not if the document has changed meanwhile, and later if R2 is down", async () => {
    const { wake, bucket } = newWorld();
    const sha256 = await uploaded(wake(), bytesOf(handbook));
    synced(wake(), "knowledge", { changes: [{ id: "a", sha256, title: "Handbook" }] });
    bucket.mood = () => "down";
    await wake().run();
    expect(wake().nextRunAt).toBeDefined();
    bucket.mood = () => "up";
    const sync = wake();
    const reading = sync.readKnowledge();
    synced(sync, "knowledge", { changes: [{ id: "a", revision: 1, body: "Nothing of that." }] });
    await reading;
    expect(sync.knowledge.find("kiln", undefined, 5)).toEqual([]);
    synced(sync, "knowledge", { changes: [{ id: "b", sha256, title: "Handbook" }] });
    await sync.run();
    expect(sync.knowledge.find("kiln", undefined, 5)[0]?.line.document_id).toBe("b");
  });

  it("[limit:maxKnowledgeBytes] a text longer than may be is refused", async () => {
    const sync = newWorld().wake();
    const changesOf = async (bytes: number) => {
      const sha256 = await uploaded(sync, new Uint8Array(bytes).fill(97));
      return { changes: [{ id: `d${bytes}`, sha256 }] };
    };
    expect(synced(sync, "knowledge", await changesOf(limits.maxKnowledgeBytes)).applied).toMatchObject([
      { outcome: "applied" },
    ]);
    expect(synced(sync, "knowledge", await changesOf(limits.maxKnowledgeBytes + 1)).applied).toMatchObject([
      { outcome: "refused", reason: "body_too_long" },
    ]);
  });

  it("is cut between paragraphs, sentences and words, never inside a character, and all of it is there", () => {
    const long = `${"A sentence of some words. ".repeat(80)}\n\n${"word ".repeat(400)}\n\n${"😀".repeat(1_000)}`;
    for (const text of [handbook, long, "", " \n\n ", "\n\nx"]) {
      const passages = passagesOf(text);
      for (const { start, end, text: words } of passages) {
        expect(text.slice(start, end)).toBe(words);
        expect(words.isWellFormed()).toBe(true);
        expect(words.length).toBeLessThanOrEqual(900);
      }
      expect(
        passages
          .map(({ text: words }) => words)
          .join("")
          .replaceAll(/\s/g, ""),
      ).toBe(text.replaceAll(/\s/g, ""));
    }
  });
});
