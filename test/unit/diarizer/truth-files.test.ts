import { expect, it } from "vitest";
import { Failure } from "../../../schemas/lib/failure.ts";
import { isNarrow } from "../../../scripts/speakers/eval/bandwidth.ts";
import { readRttm, readUem } from "../../../scripts/speakers/eval/truth-files.ts";

it("reads who speaks out of RTTM, and what is scored out of UEM", () => {
  const rttm =
    ";; comment\nSPKR-INFO m 1 <NA> <NA> <NA> unknown ann <NA>\nSPEAKER m 1 0.500 2.775 <NA> <NA> ann <NA> <NA>\r\n";
  expect(readRttm(rttm, "m.rttm")).toEqual([{ speaker: "ann", start_ms: 500, end_ms: 3_275 }]);
  expect(readUem("m 1 1.5 20\n\nm 1 30 31", "m.uem")).toEqual([
    { start_ms: 1_500, end_ms: 20_000 },
    { start_ms: 30_000, end_ms: 31_000 },
  ]);
});

it.each(["SPEAKER m 1 x 2 <NA> <NA> ann", "SPEAKER m 1 0 2", "SPEAKER m 1 -1 2 <NA> <NA> ann", "SPEAKER m"])(
  "refuses %s",
  (line) => {
    expect(() => readRttm(line, "m.rttm")).toThrow(Failure);
  },
);

it("knows a telephone by what it leaves out", () => {
  const [voice, hiss] = [toneOf(1_000), toneOf(5_000)];
  expect(isNarrow(voice)).toBe(true);
  expect(isNarrow(voice.map((sample, i) => sample + Math.round((hiss[i] ?? 0) / 8)))).toBe(false);
  expect(isNarrow(new Int16Array(16_000))).toBe(false);
});

function toneOf(hz: number): Int16Array {
  return Int16Array.from({ length: 16_000 }, (_, i) => Math.round(8_000 * Math.sin((2 * Math.PI * hz * i) / 16_000)));
}
