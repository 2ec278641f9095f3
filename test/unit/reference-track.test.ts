/** The reference that rooms and clients are held to, against examples that a person can count. */
import { expect, test } from "vitest";
import { missingRanges, ReferenceTrack } from "../../client/testkit/reference-track.ts";

test("[W10] seconds in any order, a hole, a duplicate, another's bytes", () => {
  const track = new ReferenceTrack();
  expect([3, 1, 1].map((seq) => track.keep(seq, `audio ${seq}`))).toEqual(["stored", "stored", "duplicate"]);
  expect(track.keep(3, "other audio")).toBe("conflict");
  expect(track.counts()).toEqual({
    last_seq: 3,
    contiguous_seq: 1,
    received_chunks: 2,
    duplicate_chunks: 1,
    missing_chunks: 1,
    rejected_chunks: 0,
    bytes_stored: 64_000,
    missing: [[2, 2]],
  });
  track.keep(2, "audio 2");
  expect(track.ackFields()).toEqual({ last_seq: 3, contiguous_seq: 3, missing_count: 0, duplicate_count: 1 });
});

test("[W11] what `end` announces beyond the last second is missing", () => {
  const track = new ReferenceTrack();
  track.keep(2, "audio");
  track.end = 5;
  expect([track.missing(), track.missing(1), track.missingCount]).toEqual([
    [
      [1, 1],
      [3, 5],
    ],
    [[1, 1]],
    4,
  ]);
});

test("a track that was written to before: any bytes are the same there, and are known from then on", () => {
  const before = new ReferenceTrack();
  for (const seq of [1, 2, 4]) before.keep(seq, "unseen");
  before.end = 6;
  const track = ReferenceTrack.after(before.counts());
  expect(track.counts()).toEqual(before.counts());
  expect([track.at(1), track.keep(1, "mine"), track.keep(1, "other"), track.at(1)]).toEqual([
    undefined,
    "duplicate",
    "conflict",
    "mine",
  ]);
});

test("a status that lists only some of the gaps is refused: what is kept can't be known", () => {
  const track = new ReferenceTrack();
  for (let seq = 2; seq <= 200; seq += 2) track.keep(seq, "audio");
  expect(() => ReferenceTrack.after(track.counts())).toThrow(RangeError);
});

test("a clone goes its own way", () => {
  const track = new ReferenceTrack();
  const copy = track.clone();
  copy.keep(1, "audio");
  expect([track.size, copy.size, missingRanges(new Set([2]), 3)]).toEqual([
    0,
    1,
    [
      [1, 1],
      [3, 3],
    ],
  ]);
});
