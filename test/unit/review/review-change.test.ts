/** What a second look came to, in numbers and in words. */
import { expect, test } from "vitest";
import { reviewChangeOf, reviewWords, standingReviewsOf } from "../../../client/results/review-change.ts";
import type { EventBody, RoomEvent } from "../../../schemas/speech/events.ts";

const logOf = (...bodies: readonly Partial<EventBody>[]): RoomEvent[] =>
  bodies.map((body, i) => ({
    type: "speaker.resolved",
    track: "mic",
    by: "inference",
    ...body,
    event_id: i + 1,
    at: "2026-01-01T00:00:00.000Z",
  }));
const turn = (cluster_id: string, from: number, to: number, more: Partial<EventBody> = {}): Partial<EventBody> => ({
  cluster_id,
  start_ms: from * 1_000,
  end_ms: to * 1_000,
  from_seq: from + 1,
  to_seq: to,
  ...more,
});
const whole = { from_seq: 1, to_seq: 20 };
const look = { type: "resolve.reviewed", ...whole, replaces: 2 } as const;
const first = [turn("c1", 0, 10), turn("c1", 10, 20)];
const again = [turn("c1", 0, 9, { ...whole, replaces: 2 }), turn("r2", 9, 16), turn("r3", 16, 20)];

test("[R17] it counts speakers and turns that are another's, whatever people said since", () => {
  const events = logOf(...first, ...again, look, { type: "speaker.bound", cluster_id: "r2", speaker_name: "Ada" });
  const change = reviewChangeOf(events, [6]);
  expect(change).toEqual({ speakers_before: 1, speakers_after: 3, turns_changed: 2 });
  expect(reviewWords(change)).toBe("3 speakers where there was 1; 2 turns changed.");
  expect(standingReviewsOf(events).map(({ event_id }) => event_id)).toEqual([6]);
});

test("[R20] taken back it stands no more, and counts nothing", () => {
  const undone = { type: "speaker.undone", undoes: 6, by: "person" } as const;
  const events = logOf(...first, ...again, look, undone);
  expect(standingReviewsOf(events)).toEqual([]);
  expect(reviewChangeOf(events, [])).toEqual({ speakers_before: 1, speakers_after: 1, turns_changed: 0 });
  expect(standingReviewsOf(logOf(...first, ...again, look, undone, { ...undone, undoes: 7 }))).toHaveLength(1);
});

test("one that changed nothing says so", () => {
  const same = [turn("c1", 0, 20, { ...whole, replaces: 2 })];
  const change = reviewChangeOf(logOf(...first, ...same, { ...look }), [4]);
  expect(reviewWords(change)).toBe("1 speaker, as before; no turn changed.");
});
