/** The inference service's decisions about speech, without a model: where it is cut, what is doubted, how it is answered. */
import { describe, expect, it } from "vitest";
import { type Piece, PieceCutter } from "../../../server/inference/stt/piece-cutter.ts";
import { isPlausible } from "../../../server/inference/stt/plausible.ts";
import { transcriptionAnswer, wordsOf } from "../../../server/inference/stt/transcription-answer.ts";
import { cutting } from "../../../server/inference/stt/tuning.ts";
import { Gate } from "../../../server/inference/threads/gate.ts";
import { readModelFile } from "../../../server/inference/threads/model-file.ts";
import { sentencesOf } from "../../../server/inference/tts/speakable.ts";
import { fliteFile } from "../../../server/inference/tts/voices.ts";

const speech = (count: number): number[] => Array.from({ length: count }, () => 0.9);
const pause = (count: number): number[] => Array.from({ length: count }, () => 0.05);

function cut(probabilities: readonly number[]): Piece[] {
  const cutter = new PieceCutter();
  const pieces = probabilities.flatMap((probability) => cutter.push(probability) ?? []);
  return [...pieces, ...[cutter.end()].flatMap((piece) => piece ?? [])];
}

function oneBlank(list: readonly string[]): string[] {
  return list.map((each) => each.replaceAll(/ +/g, " "));
}

describe("pieces", () => {
  it("[M4] end at a pause, with a margin on both sides", () => {
    const pieces = cut([...pause(20), ...speech(80), ...pause(20), ...speech(80), ...pause(20)]);
    expect(pieces.map(({ speechStart, speechEnd }) => [speechStart, speechEnd])).toEqual([
      [20, 100],
      [120, 200],
    ]);
    for (const { start, end, speechStart, speechEnd } of pieces) {
      expect([speechStart - start, end - speechEnd]).toEqual([cutting.marginWindows, cutting.marginWindows]);
    }
  });

  it("[M4] never overlap, and are never longer than the model takes", () => {
    const talk = Array.from({ length: 3_000 }, (_, i) => 0.7 + 0.29 * Math.sin(i * 0.7) * Math.sin(i * 0.013));
    const pieces = cut(talk);
    expect(pieces.length).toBeGreaterThan(5);
    let last = 0;
    for (const { start, end } of pieces) {
      expect(start).toBeGreaterThanOrEqual(last);
      expect(end - start).toBeLessThanOrEqual(cutting.maxWindows + 2 * cutting.marginWindows);
      last = end;
    }
    expect(last).toBe(talk.length);
  });

  it("[M4] of somebody who never pauses are cut where there is least speech", () => {
    const talk = speech(400);
    talk.fill(0.4, 258, 261);
    expect(cut(talk)[0]?.end).toBe(259);
  });

  it("[M4] of a few words go on over a short pause", () => {
    expect(cut([...speech(20), ...pause(10), ...speech(60), ...pause(20)])).toHaveLength(1);
  });

  it("[M5] of a click are none", () => {
    expect(cut([...pause(20), ...speech(3), ...pause(40)])).toEqual([]);
  });
});

describe("doubt", () => {
  it.each([
    ["words that the model is sure of", "I like that.", -0.2, 0.9, true],
    ["words that it guessed", "I like that.", -1.2, 0.9, false],
    ["half sure of what is hardly speech", "I like that.", -0.6, 0.6, false],
    ["no words at all", "... !", -0.1, 0.9, false],
    ["a word again and again", "the the the the the the", -0.1, 0.9, false],
    ["a phrase again and again", "and so on and so on and so on and so on and so on", -0.1, 0.9, false],
    ["somebody who says no three times", "no no no", -0.1, 0.9, true],
  ])("[M5] %s", (_, text, logProb, probability, isTaken) => {
    expect(isPlausible({ text, logProb }, probability)).toBe(isTaken);
  });
});

describe("answers", () => {
  const segment = { logProb: -0.1, speechProbability: 0.9 };
  const transcript = {
    durationMs: 3_700_500,
    segments: [
      { ...segment, startMs: 500, endMs: 2_000, text: "Good morning." },
      { ...segment, startMs: 3_661_001, endMs: 3_662_000, text: "1 < 2 & that's it" },
    ],
  };

  it("[M6] are SRT and VTT with hours", async () => {
    expect(await transcriptionAnswer(transcript, "srt", false).text()).toBe(
      "1\n00:00:00,500 --> 00:00:02,000\nGood morning.\n\n2\n01:01:01,001 --> 01:01:02,000\n1 < 2 & that's it\n\n",
    );
    expect(await transcriptionAnswer(transcript, "vtt", false).text()).toBe(
      "WEBVTT\n\n00:00:00.500 --> 00:00:02.000\nGood morning.\n\n01:01:01.001 --> 01:01:02.000\n1 &lt; 2 &amp; that's it\n\n",
    );
  });

  it("[M6] spread words over their segment, without a hole", () => {
    const words = wordsOf({ ...segment, startMs: 1_000, endMs: 3_000, text: "We kept every second" });
    expect(words.map(({ word }) => word)).toEqual(["We", "kept", "every", "second"]);
    expect([words[0]?.start, words.at(-1)?.end]).toEqual([1, 3]);
    for (const [i, { start }] of words.slice(1).entries()) expect(start).toBe(words[i]?.end);
  });
});

describe("what is said", () => {
  it.each([
    ["sentences", "One. Two! Three?", ["One.", "Two!", "Three?"]],
    ["quotes, dashes and accents", "“Café” — it’s naïve…", ["Cafe , it's naive..."]],
    ["money", "It costs €5.", ["It costs 5 euros ."]],
    ["SSML", '<speak>Hello <break time="1s"/> there</speak>', ["Hello there"]],
    ["emoji and control characters", "Well\u0000 done\u001B 😀👍🏽", ["Well done"]],
    ["nothing", "😀\u0007…", []],
    ["nothing of an alphabet that the voice lacks", "дом", []],
  ])("[M8] %s", (_, text, sentences) => {
    expect(oneBlank(sentencesOf(text))).toEqual(oneBlank(sentences));
  });

  it("[M8] a sentence without an end is parted, and loses nothing", () => {
    const text = "word ".repeat(800).trim();
    const parts = sentencesOf(text);
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(300);
    expect(parts.join(" ")).toBe(text);
    expect(sentencesOf("x".repeat(4_096)).join("").length).toBeLessThan(20);
  });
});

describe("the gate", () => {
  it("[M9] refuses what is too much with when to come again, and never a request that is alone", () => {
    let now = 0;
    const gate = new Gate({ maxJobs: 2, maxBytes: 100 }, () => now);
    const first = gate.enter(1_000);
    expect(gate.enter(1)).toEqual({ ok: false, error: { retryAfterSeconds: 1 } });
    now = 40_000;
    if (first.ok) for (let i = 0; i < 3; i++) first.value.leave();
    const places = [gate.enter(10), gate.enter(10)];
    expect(places.map(({ ok }) => ok)).toEqual([true, true]);
    expect(gate.enter(10)).toEqual({ ok: false, error: { retryAfterSeconds: 11 } });
  });
});

it("[M2] a model that is not the one that was checked is not used", () => {
  expect(() => readModelFile({ ...fliteFile, sha256: "0".repeat(64) })).toThrow(
    /is not the one that was checked.*npm ci/s,
  );
  expect(() => readModelFile({ ...fliteFile, path: "none.wasm" })).toThrow(/can't be read.*npm ci/s);
});
