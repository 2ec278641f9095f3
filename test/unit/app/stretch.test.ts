/** Stretches of a transcription: no word is heard twice, none falls between two of them. */
import { describe, expect, it } from "vitest";
import { stretchFrom, takeFrom, wavOf } from "../../../server/app/transcribe/stretch.ts";

const second = (seq: number, value = seq) => ({ seq, pcm: new Uint8Array(32_000).fill(value) });
const said = (start_ms: number, end_ms: number, text = "words") => ({ start_ms, end_ms, text });

describe("[M30] a stretch", () => {
  it("begins with the second in which the one before ended, and is at most thirty seconds", () => {
    expect(stretchFrom(0, 90_000)).toEqual({ fromSeq: 1, fromMs: 0, toMs: 30_000 });
    expect(stretchFrom(28_760, 90_000)).toEqual({ fromSeq: 29, fromMs: 28_000, toMs: 58_000 });
    expect(stretchFrom(89_999, 90_000)).toEqual({ fromSeq: 90, fromMs: 89_000, toMs: 90_000 });
  });

  it("is a WAV, silent where nothing was kept and where it was heard before", () => {
    const stretch = { fromSeq: 3, fromMs: 2_000, toMs: 5_000 };
    const wav = wavOf(stretch, 2_250, [second(2), second(3), second(5), second(6)]);
    expect(wav?.byteLength).toBe(44 + 3 * 32_000);
    expect(new TextDecoder().decode(wav?.subarray(0, 4))).toBe("RIFF");
    expect(new TextDecoder().decode(wav?.subarray(8, 16))).toBe("WAVEfmt ");
    expect(new TextDecoder().decode(wav?.subarray(36, 40))).toBe("data");
    const view = new DataView(wav?.buffer ?? new ArrayBuffer());
    expect([view.getUint32(4, true), view.getUint16(22, true), view.getUint32(24, true)]).toEqual([96_036, 1, 16_000]);
    const at = (ms: number): number | undefined => wav?.[44 + ms * 32];
    expect([at(0), at(249), at(250), at(999), at(1_000), at(1_999), at(2_000)]).toEqual([0, 0, 3, 3, 0, 0, 5]);
  });

  it("without a kept second is nothing to hear", () => {
    expect(wavOf({ fromSeq: 3, fromMs: 2_000, toMs: 5_000 }, 2_000, [second(2), second(6)])).toBeUndefined();
  });
});

describe("[M30] of what is heard", () => {
  const stretch = { fromSeq: 11, fromMs: 10_000, toMs: 40_000 };

  it("all is taken where a pause ends the stretch, at its place on the timeline", () => {
    const taken = takeFrom(stretch, 10_500, 90_000, [said(600, 9_000), said(12_000, 29_000)]);
    expect(taken).toEqual({ segments: [said(10_600, 19_000), said(22_000, 39_000)], toMs: 40_000 });
  });

  it("what may go on is left to the next stretch, with the onset of its first word", () => {
    const taken = takeFrom(stretch, 10_000, 90_000, [said(600, 9_000), said(20_000, 29_900)]);
    expect(taken).toEqual({ segments: [said(10_600, 19_000)], toMs: 29_800 });
    const near = takeFrom(stretch, 10_000, 90_000, [said(600, 19_950), said(20_000, 29_900)]);
    expect(near.toMs).toBe(29_950);
  });

  it("nothing is left at the end of the track", () => {
    expect(takeFrom(stretch, 10_000, 40_000, [said(20_000, 30_000)])).toEqual({
      segments: [said(30_000, 40_000)],
      toMs: 40_000,
    });
  });

  it("a segment that fills the stretch is taken: it would never end", () => {
    expect(takeFrom(stretch, 10_000, 90_000, [said(0, 30_000)])).toEqual({
      segments: [said(10_000, 40_000)],
      toMs: 40_000,
    });
  });

  it("every step goes forward, whatever a model says of times", () => {
    for (let start = -5_000; start < 60_000; start += 250) {
      for (const length of [-500, 0, 10, 5_000, 40_000]) {
        const { segments, toMs } = takeFrom(stretch, 10_400, 90_000, [said(start, start + length)]);
        expect(toMs).toBeGreaterThan(10_400);
        for (const { start_ms, end_ms } of segments) {
          expect(start_ms).toBeGreaterThanOrEqual(10_400);
          expect(end_ms).toBeLessThanOrEqual(40_000);
        }
      }
    }
  });

  it("no words are no segment", () => {
    expect(takeFrom(stretch, 10_000, 90_000, [said(1, 2, " "), said(30_000, 31_000)]).segments).toEqual([]);
  });
});
