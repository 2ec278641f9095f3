import { expect, test } from "vitest";
import { FinishedExports } from "../../../server/gateway/http/finished-exports.ts";
import { ReadingTurns, type Turn } from "../../../server/gateway/http/reading-turns.ts";

const mebibytes = (n: number): Uint8Array[] => Array.from({ length: n }, () => new Uint8Array(1_048_576));

class Readers {
  now = 0;
  readonly turns = new ReadingTurns(() => this.now);
  readonly begun: string[] = [];

  come(document: string, left: AbortSignal = new AbortController().signal): Promise<Turn> {
    return this.turns.take(document, left).then((turn) => {
      this.begun.push(document);
      return turn;
    });
  }
}

test("[R15] two read at once, one of a document, and the others follow in the order in which they came", async () => {
  const readers = new Readers();
  const [first, second] = [await readers.come("a"), await readers.come("b")];
  const waiting = [readers.come("b"), readers.come("c"), readers.come("a")] as const;
  expect([readers.begun, readers.turns.length]).toEqual([["a", "b"], 5]);
  first.leave();
  second.leave();
  const again = await Promise.all(waiting.slice(0, 2));
  expect(readers.begun).toEqual(["a", "b", "b", "c"]);
  for (const turn of again) turn.leave();
  (await waiting[2]).leave();
  expect([readers.begun.at(-1), readers.turns.length]).toEqual(["a", 0]);
});

test("[R15] who leaves while it waits, or while it reads, holds nobody up", async () => {
  const readers = new Readers();
  const [reading, other] = [new AbortController(), new AbortController()];
  await readers.come("a", reading.signal);
  await readers.come("b", other.signal);
  const next = readers.come("a");
  reading.abort();
  (await next).leave();
  other.abort();
  expect(readers.turns.length).toBe(0);
});

test("[R15] of whom nothing was seen for a while has no place any more, and who is seen keeps it", async () => {
  const readers = new Readers();
  const gone = await readers.come("a");
  const here = await readers.come("b");
  readers.now = 6_000;
  here.see();
  readers.now = 11_000;
  (await readers.come("a")).leave();
  const later = readers.come("b");
  expect(readers.begun).toEqual(["a", "b", "a"]);
  here.leave();
  await later;
  gone.leave();
  expect(readers.begun).toEqual(["a", "b", "a", "b"]);
});

test("[R15] documents in memory are found by their tag alone, and bounded in bytes and in time", () => {
  let now = 0;
  const finished = new FinishedExports(() => now);
  finished.keep("a", "1", mebibytes(10));
  expect([finished.find("a", "1")?.length, finished.find("a", "2"), finished.find("b", "1")]).toEqual([
    10,
    undefined,
    undefined,
  ]);
  finished.keep("b", "1", mebibytes(10));
  finished.keep("c", "1", mebibytes(10));
  // The one that was not asked for for the longest time goes.
  finished.find("a", "1");
  finished.keep("d", "1", mebibytes(10));
  expect(["a", "b", "c", "d"].map((name) => finished.find(name, "1") !== undefined)).toEqual([true, false, true, true]);
  finished.keep("e", "1", mebibytes(13));
  expect([finished.find("e", "1"), finished.bytes]).toEqual([undefined, 30 * 1_048_576]);
  finished.keep("a", "2", mebibytes(1));
  expect([finished.find("a", "1"), finished.bytes]).toEqual([undefined, 21 * 1_048_576]);
  now = 600_001;
  expect([finished.find("a", "2"), finished.bytes]).toEqual([undefined, 0]);
});
