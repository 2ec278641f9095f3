import { expect, test } from "vitest";
import { limits } from "../../../schemas/limits.ts";
import { readReview } from "../../../server/gateway/speakers/review/read-review.ts";

const read = (segments: unknown, durationMs = 10_000) => readReview(JSON.stringify({ segments }), durationMs);
const segment = (start_ms: number, end_ms: number, speaker = "voice_1") => ({ start_ms, end_ms, speaker });

test("[R19] an answer is taken as it is, what a service adds is passed over, and the last step may end a little late", () => {
  const said = [segment(0, 400), segment(400, 2_000, "voice_2"), { ...segment(9_800, 10_032), score: 1 }];
  expect(read(said)).toEqual({
    ok: true,
    value: [segment(0, 400), segment(400, 2_000, "voice_2"), segment(9_800, 10_000)],
  });
  expect(read([])).toEqual({ ok: true, value: [] });
});

test("[R19] two voices may speak at once", () => {
  const said = [segment(0, 5_000), segment(1_000, 2_000, "b"), segment(1_000, 3_000, "c"), segment(2_000, 4_000, "b")];
  expect(read(said)).toEqual({ ok: true, value: said });
});

test.for([
  ["no JSON", "<!doctype html><title>502</title>", /not JSON/],
  ["nothing", "", /not JSON/],
  ["no list", "{}", /segments/],
  ["another shape", '{"segments": [[0, 1, "a"]]}', /contract/],
  ["half milliseconds", '{"segments": [{"start_ms": 0.5, "end_ms": 2, "speaker": "a"}]}', /contract/],
] as const)("[R19] an answer that is %s is none", ([, text, why]) => {
  const answer = readReview(text, 10_000);
  expect(answer.ok).toBe(false);
  expect(answer.ok ? "" : answer.error).toMatch(why);
});

test.for([
  ["overlaps one of its voice", [segment(0, 1_000), segment(500, 2_000, "b"), segment(999, 2_000)], /overlap/],
  ["is out of order", [segment(2_000, 3_000), segment(0, 1_000)], /out of order/],
  ["is out of order beside another voice", [segment(2_000, 3_000), segment(0, 1_000, "b")], /out of order/],
  ["is before the start", [segment(-1, 1_000)], /contract/],
  ["ends where it begins", [segment(5, 5)], /ends before/],
  ["begins at the end", [segment(10_000, 10_100)], /beyond the end/],
  ["ends long after it", [segment(9_000, 12_000)], /beyond the end/],
  ["has no voice", [segment(0, 1, "")], /contract/],
] as const)("[R19] one segment that %s, and none is taken", ([, wrong, why]) => {
  const answer = read([...wrong]);
  expect(answer.ok ? "" : answer.error).toMatch(why);
});

const voicesOf = (count: number): ReturnType<typeof segment>[] =>
  Array.from({ length: count }, (_, i) => segment(i * 10, i * 10 + 10, `v${i}`));
const segmentsOf = (count: number): ReturnType<typeof segment>[] =>
  Array.from({ length: count }, (_, i) => segment(i * 2, i * 2 + 1));

test("[limit:maxReviewVoices] [R19] so many voices are taken, and one more is not", () => {
  expect(read(voicesOf(limits.maxReviewVoices)).ok).toBe(true);
  expect(read(voicesOf(limits.maxReviewVoices + 1)).ok).toBe(false);
});

test("[limit:maxReviewSegments] [R19] so many segments are taken, and one more is not", () => {
  expect(read(segmentsOf(limits.maxReviewSegments), 1_000_000).ok).toBe(true);
  expect(read(segmentsOf(limits.maxReviewSegments + 1), 1_000_000).ok).toBe(false);
});
