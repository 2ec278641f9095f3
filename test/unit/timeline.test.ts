import { describe, expect, test } from "vitest";
import type { EventBody, RoomEvent } from "../../schemas/speech/events.ts";
import { timelineOf } from "../../schemas/speech/timeline.ts";

const logOf = (...bodies: (Omit<EventBody, "by"> & Partial<Pick<EventBody, "by">>)[]): RoomEvent[] =>
  bodies.map((body, i) => ({ by: "inference", ...body, event_id: i + 1, at: "2026-01-01T00:00:00.000Z" }));
const turn = (
  cluster_id: string,
  start_ms: number,
  end_ms: number,
  more: Partial<EventBody> = {},
): Omit<EventBody, "by"> => {
  const from_seq = Math.floor(start_ms / 4_000) * 4 + 1;
  return {
    type: "speaker.resolved",
    track: "mixed",
    from_seq,
    to_seq: from_seq + 3,
    cluster_id,
    start_ms,
    end_ms,
    ...more,
  };
};
const shortOf = (events: readonly RoomEvent[]): unknown[] =>
  timelineOf(events).map(({ start_ms, end_ms, speaker_name, cluster_id }) => [
    start_ms,
    end_ms,
    speaker_name ?? cluster_id,
  ]);

describe("timeline", () => {
  test("[R9] windows and segments of one speaker are one turn; a pause of more than 800 ms parts them", () => {
    const events = logOf(
      turn("c1", 0, 4_000),
      turn("c1", 4_300, 6_000),
      turn("c2", 6_000, 8_000),
      turn("c2", 8_900, 9_400),
    );
    expect(shortOf(events)).toEqual([
      [0, 6_000, "c1"],
      [6_000, 8_000, "c2"],
      [8_900, 9_400, "c2"],
    ]);
    expect(timelineOf(events)[0]?.turn_ids).toEqual([1, 2]);
  });

  test("[R9] an event without finer times covers its window; one without a track covers nothing", () => {
    const whole: Omit<EventBody, "by"> = {
      type: "speaker.resolved",
      track: "mixed",
      from_seq: 5,
      to_seq: 8,
      cluster_id: "c1",
    };
    const { track: _, ...nowhere } = whole;
    expect(shortOf(logOf(whole, nowhere))).toEqual([[4_000, 8_000, "c1"]]);
  });

  test("[R9] names and merges apply backwards", () => {
    const events = logOf(
      turn("c1", 0, 1_000),
      turn("c2", 1_000, 2_000),
      { type: "speaker.bound", cluster_id: "c2", speaker_name: "Ada" },
      { type: "speaker.merged", cluster_id: "c1", into_cluster_id: "c2" },
    );
    expect(shortOf(events)).toEqual([[0, 2_000, "Ada"]]);
  });

  test("[R9] a window resolved again replaces what inference said of it, and nothing else", () => {
    const events = logOf(
      turn("c1", 0, 4_000),
      turn("c1", 4_000, 8_000),
      turn("c2", 500, 3_000, { replaces: 2 }),
      turn("c3", 3_000, 4_000, { replaces: 2 }),
    );
    expect(shortOf(events)).toEqual([
      [500, 3_000, "c2"],
      [3_000, 4_000, "c3"],
      [4_000, 8_000, "c1"],
    ]);
  });

  test("[S4] what a person said of a turn survives its window being resolved again", () => {
    const events = logOf(
      turn("c1", 1_000, 2_000),
      { type: "speaker.reassigned", turn_id: 1, cluster_id: "c9", by: "person" },
      turn("c2", 0, 4_000, { replaces: 2 }),
    );
    expect(shortOf(events)).toEqual([
      [0, 1_000, "c2"],
      [1_000, 2_000, "c9"],
      [2_000, 4_000, "c2"],
    ]);
  });

  test("[R9] tracks are apart", () => {
    const events = logOf(turn("c1", 0, 1_000, { track: "mic" }), turn("c1", 1_000, 2_000, { track: "mixed" }));
    expect(timelineOf(events).map(({ track, start_ms }) => [track, start_ms])).toEqual([
      ["mic", 0],
      ["mixed", 1_000],
    ]);
  });
});
