import { expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import {
  durationMs,
  expectedSeq,
  isOutOfRange,
  missingChunks,
  openTrackRow,
  paddingSamples,
  planEnd,
  planStore,
  type TrackRow,
} from "../../server/gateway/tracks/track-plan.ts";

const fresh = openTrackRow("mic", 100);
const withFive: TrackRow = { ...fresh, last_seq: 5, received_chunks: 5, started_at: 110, updated_at: 115 };

test("[K1] a new ledger expects nothing and misses nothing", () => {
  expect([expectedSeq(fresh), missingChunks(fresh), durationMs(fresh), paddingSamples(fresh)]).toEqual([0, 0, 0, 0]);
  expect(fresh).toMatchObject({ opened_at: 100, started_at: null, updated_at: null });
});

test("[K6] the next chunk makes no gap, a later one does", () => {
  const next = planStore(withFive, 6, undefined, 200);
  expect(next.gaps).toEqual({ remove: [], add: [] });
  expect(next.trackRow).toEqual({ ...withFive, last_seq: 6, received_chunks: 6, updated_at: 200 });
  const later = planStore(withFive, 9, undefined, 200);
  expect(later.gaps).toEqual({ remove: [], add: [{ from_seq: 6, to_seq: 8 }] });
  expect(missingChunks(later.trackRow)).toBe(3);
});

test("[K6] the first chunk starts the track's time, others leave it", () => {
  const first = planStore(fresh, 1, undefined, 200).trackRow;
  expect(first).toMatchObject({ started_at: 200, updated_at: 200 });
  expect(planStore(first, 2, undefined, 300).trackRow).toMatchObject({ started_at: 200, updated_at: 300 });
});

test.for([
  ["its start", 3, [{ from_seq: 4, to_seq: 6 }]],
  ["its end", 6, [{ from_seq: 3, to_seq: 5 }]],
  [
    "its middle",
    5,
    [
      { from_seq: 3, to_seq: 4 },
      { from_seq: 6, to_seq: 6 },
    ],
  ],
] as const)("[K6] a chunk that fills a gap at %s leaves the rest of it", ([, seq, rest]) => {
  const holed: TrackRow = { ...fresh, last_seq: 8, received_chunks: 4 };
  const gap = { from_seq: 3, to_seq: 6 };
  const plan = planStore(holed, seq, gap, 200);
  expect(plan.gaps).toEqual({ remove: [gap], add: rest });
  expect(plan.trackRow).toMatchObject({ last_seq: 8, received_chunks: 5 });
});

test("[K6] a gap of one is gone once filled", () => {
  const gap = { from_seq: 3, to_seq: 3 };
  expect(planStore({ ...fresh, last_seq: 4 }, 3, gap, 200).gaps).toEqual({ remove: [gap], add: [] });
});

test("[K2] a chunk that is neither new nor in a gap is a bug, not a write", () => {
  expect(() => planStore(withFive, 3, undefined, 200)).toThrow(/neither kept nor in a gap/);
  expect(() => planStore(withFive, 3, { from_seq: 4, to_seq: 5 }, 200)).toThrow(/neither kept nor in a gap/);
});

test("[K5] seq is in range up to a day ahead, and up to eight nines", () => {
  expect(isOutOfRange(withFive, 5 + limits.maxSeqAhead)).toBe(false);
  expect(isOutOfRange(withFive, 5 + limits.maxSeqAhead + 1)).toBe(true);
  const old: TrackRow = { ...fresh, last_seq: limits.maxSeq - 1 };
  expect(isOutOfRange(old, limits.maxSeq)).toBe(false);
  expect(isOutOfRange(old, limits.maxSeq + 1)).toBe(true);
  // What `end` announced moves nothing: a client must not reach further by announcing.
  expect(isOutOfRange({ ...withFive, end_seq: 80_000 }, 5 + limits.maxSeqAhead + 1)).toBe(true);
});

test("[W10] end makes a gap of what is not there yet", () => {
  const plan = planEnd(withFive, 8, 40, undefined, 200);
  expect(plan?.gaps).toEqual({ remove: [], add: [{ from_seq: 6, to_seq: 8 }] });
  const trackRow = plan?.trackRow ?? fresh;
  expect([expectedSeq(trackRow), missingChunks(trackRow), durationMs(trackRow), paddingSamples(trackRow)]).toEqual([
    8, 3, 8_000, 40,
  ]);
});

test("[W10] a later end replaces the earlier one, both ways", () => {
  const tail = { from_seq: 6, to_seq: 8 };
  const ended: TrackRow = { ...withFive, end_seq: 8 };
  expect(planEnd(ended, 10, 0, tail, 200)).toMatchObject({
    gaps: { remove: [tail], add: [{ from_seq: 6, to_seq: 10 }] },
  });
  expect(planEnd(ended, 6, 0, tail, 200)).toMatchObject({
    gaps: { remove: [tail], add: [{ from_seq: 6, to_seq: 6 }] },
  });
  expect(planEnd(ended, 5, 0, tail, 200)).toMatchObject({ gaps: { remove: [tail], add: [] } });
});

test("[W10] the same end again is no news, other padding is", () => {
  const ended: TrackRow = { ...withFive, end_seq: 5, padding_samples: 3 };
  expect(planEnd(ended, 5, 3, undefined, 200)).toBeUndefined();
  expect(planEnd(ended, 5, 4, undefined, 200)).toMatchObject({ trackRow: { padding_samples: 4 } });
  expect(planEnd(fresh, 0, 0, undefined, 200)).toMatchObject({ gaps: { add: [] } });
});

test("[W10] an end below a kept chunk is a bug, not a write", () => {
  expect(() => planEnd(withFive, 4, 0, undefined, 200)).toThrow(/below kept chunk/);
});

test("[W10] padding counts only while the end still is the last chunk", () => {
  const ended: TrackRow = { ...withFive, end_seq: 5, padding_samples: 3 };
  expect(paddingSamples(ended)).toBe(3);
  expect(paddingSamples(planStore(ended, 6, undefined, 200).trackRow)).toBe(0);
});
