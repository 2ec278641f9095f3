/** Many deletions at once make the index's file anew a few times, not once each: while that is done nobody's key can be read. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openScrubber, type Scrubber } from "../../scripts/local/scrubber.ts";

const objects = ["a", "b", "c", "d"].map((letter) => letter.repeat(64));
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function stateWith(rooms: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-scrub-"));
  folders.push(folder);
  const kinds = [
    ["do/roomtone-MeetingSessionDO", rooms],
    ["d1/miniflare-D1DatabaseObject", ["index"]],
  ] as const;
  for (const [path, names] of kinds) {
    mkdirSync(join(folder, "v3", path), { recursive: true });
    for (const name of names) writeFileSync(join(folder, "v3", path, `${name}.sqlite`), "");
  }
  return folder;
}

const ask = async (scrub: Scrubber, object: string): Promise<number> =>
  (await scrub({ method: "POST", url: `http://state/scrub/${object}` })).status;

test("[I8] deletions that come at once share the index's file, each after it asked; rooms are done one after the other", async () => {
  const runs: string[] = [];
  const ends: (() => void)[] = [];
  let atOnce = 0;
  const scrub = openScrubber(
    stateWith(objects),
    async ([file = ""]) => {
      const name = basename(file, ".sqlite");
      runs.push(name);
      if (name !== "index") expect((atOnce += 1)).toBe(1);
      else await new Promise<void>((resolve) => void ends.push(resolve));
      await new Promise(setImmediate);
      if (name !== "index") atOnce -= 1;
    },
    0,
  );
  const asked = objects.map((object) => ask(scrub, object));
  const ended = async (turn: number): Promise<void> => {
    await expect.poll(() => ends.length, { timeout: 10_000 }).toBe(turn);
    ends.at(-1)?.();
  };
  // The first may begin before the others asked, or after: whoever asked while it ran waits for the next one.
  await ended(1);
  if (runs.filter((name) => name === "index").length < 2) {
    const late = ask(scrub, objects[0] ?? "");
    await ended(2);
    expect(await late).toBe(204);
  }
  expect(await Promise.all(asked)).toEqual(objects.map(() => 204));
  expect(runs.filter((name) => name !== "index").slice(0, 4)).toEqual(objects);
  expect(runs.filter((name) => name === "index")).toHaveLength(2);
});

test("[I8] a file that can't be made anew is no receipt, and the next deletion is tried by itself", async () => {
  let fails = true;
  const scrub = openScrubber(
    stateWith(objects),
    () => (fails ? Promise.reject(new Error("the write-ahead log is being read")) : Promise.resolve()),
    0,
  );
  expect(await ask(scrub, objects[0] ?? "")).toBe(503);
  fails = false;
  expect(await ask(scrub, objects[1] ?? "")).toBe(204);
});
