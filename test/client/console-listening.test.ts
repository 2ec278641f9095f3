/** What the console's player works out: where silence ends, and what a waveform's columns show. */
import { expect, test } from "vitest";
import { nextSpeechMs } from "../../client/console/state/speech-ahead.ts";
import { columnsOf } from "../../client/console/views/meeting/waveform-columns.ts";

const turn = (start_ms: number, end_ms: number) => ({ start_ms, end_ms });

test("silence is skipped up to just before the next word, and never a word or a breath", () => {
  const turns = [turn(1_000, 2_000), turn(10_000, 12_000), turn(9_000, 9_500)];
  expect(nextSpeechMs(turns, 1_500)).toBeUndefined();
  expect(nextSpeechMs(turns, 2_200), "the last word is heard to its end").toBeUndefined();
  expect(nextSpeechMs(turns, 4_000)).toBe(8_700);
  expect(nextSpeechMs(turns, 8_000), "a pause of a second is no silence").toBeUndefined();
  expect(nextSpeechMs(turns, 9_900)).toBeUndefined();
  expect(nextSpeechMs(turns, 13_000), "nobody speaks any more").toBeUndefined();
  expect(nextSpeechMs([], 0)).toBeUndefined();
});

test("a column is as loud as the loudest track in it, in the colour of who speaks there most", () => {
  const tracks = [
    { offsetMs: 0, ms_per_point: 1_000, peaks: [10, null, 30, 40] },
    { offsetMs: 0, ms_per_point: 2_000, peaks: [20, 5] },
  ];
  const speakers = [
    { colour: 1, turns: [turn(0, 900)] },
    { colour: 2, turns: [turn(800, 2_000)] },
  ];
  expect(columnsOf(tracks, speakers, 4_000, 4)).toEqual([
    { peak: 20, speaker: 1 },
    { peak: 20, speaker: 2 },
    { peak: 30, speaker: undefined },
    { peak: 40, speaker: undefined },
  ]);
  expect(columnsOf(tracks.slice(0, 1), [], 4_000, 2).map(({ peak }) => peak)).toEqual([10, 40]);
  expect(columnsOf(tracks.slice(0, 1), [], 4_000, 8).map(({ peak }) => peak)).toEqual([
    10,
    10,
    null,
    null,
    30,
    30,
    40,
    40,
  ]);
  const late = [{ offsetMs: 2_000, ms_per_point: 1_000, peaks: [7, 8] }];
  expect(
    columnsOf(late, [], 4_000, 4).map(({ peak }) => peak),
    "a track that joined later",
  ).toEqual([null, null, 7, 8]);
  expect(columnsOf([], [], 0, 2)).toEqual([
    { peak: null, speaker: undefined },
    { peak: null, speaker: undefined },
  ]);
});
