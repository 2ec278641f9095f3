/** A microphone's constant offset is no sound: captions are cut, and speakers parted, as without it. */
import { describe, expect, test } from "vitest";
import type { Cut } from "../../../server/app/hearing/cutter.ts";
import { partsOf } from "../../../server/app/hearing/speaker-parts.ts";
import { audioOf, cutAll, seededRandom, someStretches } from "./support/spoken-audio.ts";

const timesOf = (cuts: readonly Cut[]): unknown =>
  cuts.map(({ startMs, endMs, speech }) => [startMs, endMs, speech.length]);

describe("offset", () => {
  test.each([600, 3_000, -3_000])("[Q2] a constant offset of %i moves no cut and makes none", (offset) => {
    const samples = audioOf(someStretches(seededRandom(1)), 20);
    expect(timesOf(cutAll(samples.map((sample) => sample + offset)))).toEqual(timesOf(cutAll(samples)));
  });

  test.each([0, 600, -3_000])(
    "[Q2] two speakers are parted in the pause between them, with an offset of %i too",
    (offset) => {
      const stretches = [
        { isSpeech: true, ms: 3_000 },
        { isSpeech: false, ms: 300 },
        { isSpeech: true, ms: 2_700 },
      ];
      const samples = audioOf(stretches, 5).map((sample) => sample + offset);
      const speech = new Uint8Array(samples.buffer);
      const turns = [
        { cluster_id: "c1", start_ms: 0, end_ms: 2_900 },
        { cluster_id: "c2", start_ms: 2_900, end_ms: 6_000 },
      ];
      const parts = partsOf({ startMs: 0, endMs: 6_000, speech }, turns);
      expect(parts.map(({ startMs }) => startMs)).toEqual([
        0,
        expect.toSatisfy((at: number) => at >= 3_000 && at <= 3_300),
      ]);
    },
  );
});
