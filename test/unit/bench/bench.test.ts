/** The pure parts of the bench: what is sent when, how latency is counted, what repetitions come to, and when nothing follows. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, test } from "vitest";
import { roomBytes } from "../../../scripts/bench/probe.ts";
import { figureList, figureNames } from "../../../scripts/bench/figure-names.ts";
import { chunkFrame, loadSpeech, readAnswer } from "../../../scripts/bench/load/frames.ts";
import { latencies, schedule } from "../../../scripts/bench/load/schedule.ts";
import { markdownOf } from "../../../scripts/bench/report/figure.ts";
import { median, ratiosOf, short, spreadOf } from "../../../scripts/bench/report/stats.ts";
import { svgOf } from "../../../scripts/bench/report/svg.ts";
import { type Reference, reasonsToDoubt } from "../../../scripts/bench/report/verdict.ts";
import { decodeFrame, encodeMessage } from "../../../schemas/wire/codec.ts";
import type { MessageOf } from "../../../client/testkit/protocol-socket.ts";

const stateDir = mkdtempSync(join(tmpdir(), "roomtone-bench-"));
afterAll(() => rmSync(stateDir, { recursive: true }));

describe("the load", () => {
  test("tracks begin evenly over an interval, and every chunk has its time beforehand", () => {
    const due = schedule(4, 2, 1_000);
    expect(due.map(({ atMs }) => atMs)).toEqual([0, 250, 500, 750, 1_000, 1_250, 1_500, 1_750]);
    expect(due.map(({ track }) => track)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
  });

  test("a server that stands still for three seconds is late with all that was due meanwhile", () => {
    // Chunks were due each second; nothing was read before 3,000 ms, then all at once.
    expect(latencies([0, 1_000, 2_000, 3_000], [3_000, 3_001, 3_002, 3_003], { endMs: 5_000, warmUpMs: 0 })).toEqual([
      3_000, 2_001, 1_002, 3,
    ]);
  });

  test("what has no ack counts with the time it waited, and the warm-up not at all", () => {
    expect(latencies([0, 1_000, 2_000], [9_000, undefined, undefined], { endMs: 6_000, warmUpMs: 1_000 })).toEqual([
      5_000, 4_000,
    ]);
  });

  test.each(["json", "msgpack", "proto"] as const)("a frame of %s is a chunk of the protocol", async (encoding) => {
    const frame = chunkFrame(await loadSpeech(encoding), encoding, { session: "m", seq: 7, at: 1_000, offset: 3 });
    const decoded = decodeFrame(encoding === "json" ? frame.toString() : frame, encoding);
    expect(decoded).toMatchObject({ ok: true, value: { type: "chunk", meeting_id: "m", seq: 7, timestamp_ms: 1_000 } });
  });

  test.each(["json", "msgpack", "proto"] as const)("acks, refusals and marks of %s are told apart", (encoding) => {
    const ack: MessageOf<"ack"> = {
      type: "ack",
      seq: 1,
      status: "stored",
      key: "k",
      sha256: "0".repeat(64),
      last_seq: 1,
      contiguous_seq: 1,
      missing_count: 0,
      duplicate_count: 0,
    };
    const read = (message: Parameters<typeof encodeMessage>[0]): unknown => {
      const frame = encodeMessage(message, encoding);
      return readAnswer(Buffer.from(frame as Uint8Array), typeof frame !== "string", encoding);
    };
    expect(read(ack)).toEqual({ kind: "ack" });
    expect(read({ ...ack, mark: "deadbeef" })).toEqual({ kind: "ack", mark: "deadbeef" });
    expect(read({ type: "error", code: "rate_limited", detail: "slower", retryable: true, seq: 1 })).toMatchObject({
      kind: "refusal",
    });
    expect(read({ type: "closing", reason: "gone" })).toMatchObject({ kind: "other" });
  });
});

describe("what repetitions come to", () => {
  test("medians, and ratios of what ran side by side", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(spreadOf([5, 1, 9])).toEqual({ median: 5, min: 1, max: 9 });
    // The machine was half as fast in the second round: no ratio shows it.
    expect(ratiosOf([50, 25, 50], [100, 50, 100])).toEqual({ median: 0.5, min: 0.5, max: 0.5 });
  });

  test("numbers have three digits that count, and nothing is no number", () => {
    expect([1_234.5, 12.345, 0.012345, Number.NaN].map(short)).toEqual(["1235", "12.3", "0.0123", "-"]);
  });

  test("a table is Markdown", () => {
    expect(markdownOf({ title: "T", rows: [{ a: 1, bb: "x" }], notes: ["n"] })).toBe(
      "\n**T**\n\n| a   | bb  |\n| --- | --- |\n| 1   | x   |\n\nn",
    );
  });
});

describe("the verdict", () => {
  const still: Reference = { othersShare: 0.02, stretch: 1.01, workMs: 500, nullAcks: 2_000 };

  test("nothing is doubted on a quiet machine", () => {
    expect(reasonsToDoubt([still])).toEqual([]);
    expect(reasonsToDoubt([still, { ...still, nullAcks: 1_900, workMs: 520 }])).toEqual([]);
  });

  test.each([
    [{ othersShare: 0.5 }, "Other programs used 50 %"],
    [{ stretch: 1.8 }, "1.80 times"],
    [{ workMs: 700 }, "The fixed piece of work came to 500"],
    [{ nullAcks: 1_000 }, "The null room came to 2000 acks a second before and 1000 after"],
  ])("%j afterwards is a reason, with what was seen", (seen, sentence) => {
    expect(reasonsToDoubt([still, { ...still, ...seen }])).toEqual([expect.stringContaining(sentence)]);
  });

  test("a machine that is busy at once is told before anything is measured", () => {
    expect(reasonsToDoubt([{ ...still, othersShare: 0.9, nullAcks: undefined }])).toHaveLength(1);
  });
});

describe("the picture", () => {
  const bar = { label: 'a & b <"c">', value: 0.5, min: 0.4, max: 0.7 };

  test("is well-formed, whatever the names are, and reads on dark pages", () => {
    const svg = svgOf([
      { title: "<T>", rows: [], bars: [bar, { ...bar, value: 2.5, max: 3 }] },
      { title: "no bars", rows: [] },
    ]);
    const [open, closed]: [string[], [string | undefined, string | undefined][]] = [[], []];
    for (const [, closing, name, selfClosing] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[a-z-A-Z]+="[^"<>]*")*(\/?)>/g)) {
      if (closing) closed.push([open.pop(), name]);
      else if (!selfClosing) open.push(name ?? "");
    }
    expect(open).toEqual([]);
    expect(closed.filter(([opened, name]) => opened !== name)).toEqual([]);
    expect(svg.replaceAll(/<[^<>]*>/g, "")).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
    expect(svg).toContain("prefers-color-scheme:dark");
    expect(svg).not.toContain("no bars");
    expect(svg).not.toContain("NaN");
  });
});

describe("the options", () => {
  test("figures are some of those that are there, each once, in their order", () => {
    expect(figureList.parse("live, ack,live")).toEqual(["ack", "live"]);
    expect(figureList.parse(figureNames.join(","))).toEqual([...figureNames]);
    expect(figureList.safeParse("ack,nothing").error?.issues[0]?.message).toBe(
      `must be some of ${figureNames.join(",")}`,
    );
    expect(figureList.safeParse("").success).toBe(false);
  });
});

describe("a room's bytes", () => {
  test("pages that are free again are no growth, however long the file stays", async () => {
    const folder = join(stateDir, "v3", "do", "roomtone-MeetingSessionDO");
    mkdirSync(folder, { recursive: true });
    const database = new DatabaseSync(join(folder, "0f.sqlite"));
    database.exec("PRAGMA journal_mode = WAL; CREATE TABLE chunks (seq INTEGER PRIMARY KEY, pcm BLOB)");
    const empty = await roomBytes(stateDir);
    const insert = database.prepare("INSERT INTO chunks (pcm) VALUES (zeroblob(32000))");
    for (let seq = 0; seq < 50; seq += 1) insert.run();
    const full = await roomBytes(stateDir);
    expect(full.used - empty.used).toBeGreaterThan(50 * 32_000);
    database.exec("DELETE FROM chunks; PRAGMA wal_checkpoint");
    const after = await roomBytes(stateDir);
    expect(after.onDisk).toBeGreaterThan(50 * 32_000);
    expect(after.used).toBe(empty.used);
    database.close();
  });
});
