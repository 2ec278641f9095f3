/** The threshold of a speaker model that somebody brings, from made embeddings whose right answer is known. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { Failure } from "../../../schemas/lib/failure.ts";
import { readPeople } from "../../../scripts/speakers/calibrate/people.ts";
import { calibrate, type Person } from "../../../scripts/speakers/calibrate/threshold.ts";
import type { Embedder } from "../../../server/inference/speakers/embedder.ts";
import { extractFeatures } from "../../../server/shared/diarizer/features.ts";
import { front } from "../../../server/shared/diarizer/tuning.ts";
import { wavOf } from "../../support/wav-of.ts";
import { randomFrom } from "../support/random.ts";
import { highVoice, inTurn, lowVoice, pause, speak } from "../../support/synthetic-voices.ts";

const random = randomFrom(3);
const noise = (): number => (random(2_001) - 1_000) / 1_000;

/** @param spread of a piece around its speaker's own direction, in each of the values. */
function people(count: number, spread: number, group: (who: number) => string = () => ""): Person[] {
  return Array.from({ length: count }, (_, who) => ({
    group: group(who),
    name: `person ${who}`,
    pieces: Array.from({ length: 12 }, () =>
      Float64Array.from({ length: 8 }, (__, i) => (i === who ? 1 : 0.5) + spread * noise()),
    ),
  }));
}

it("is in the gap between voices that are well apart", () => {
  const { threshold, errorsAt, own, others } = calibrate(people(5, 0.05));
  expect(errorsAt(threshold)).toEqual({ parted: 0, joined: 0 });
  expect([own, others]).toEqual([60, 240]);
  // Two people's means have (2 · 1 · 0.5 + 6 · 0.25) / (1 + 7 · 0.25) in common, which is 0.91.
  expect(threshold).toBeGreaterThan(0.91);
});

it("is where both errors are alike, for voices that are not", () => {
  const { threshold, errorsAt } = calibrate(people(6, 0.6));
  const { parted, joined } = errorsAt(threshold);
  expect(parted).toBeGreaterThan(0.05);
  // As near as hundredths of a cosine come to it.
  expect(Math.abs(parted - joined)).toBeLessThan(0.1);
  expect(errorsAt(threshold - 0.1).joined).toBeGreaterThan(joined);
  expect(errorsAt(threshold + 0.05).parted).toBeGreaterThan(parted);
});

it("compares nobody with people of another recording", () => {
  const { own, others } = calibrate(people(6, 0.1, (who) => `meeting ${who % 3}`));
  expect([own, others]).toEqual([72, 72]);
});

it("says so where there is too little speech, or one person", () => {
  expect(() => calibrate(people(1, 0.1))).toThrow(Failure);
  expect(() => calibrate(people(4, 0.1, (who) => `meeting ${who}`))).toThrow(/two people/);
  expect(() => calibrate([])).toThrow(Failure);
});

const averageCepstrum: Embedder = {
  values: front.cepstra,
  embed: (samples) => {
    const { cepstra, frames } = extractFeatures(samples);
    const sums = new Float32Array(front.cepstra);
    cepstra.forEach((value, i) => {
      sums[i % front.cepstra] = (sums[i % front.cepstra] ?? 0) + value / frames;
    });
    return sums;
  },
};

function folderOf(files: Readonly<Record<string, Int16Array | string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-calibrate-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files))
    writeFileSync(
      join(folder, name),
      typeof content === "string"
        ? content
        : wavOf({ channels: [Float32Array.from(content, (value) => value / 32_768)], rateHz: 16_000 }),
    );
  return folder;
}

it("hears recordings of one person each, and of one person in several", async () => {
  const low = speak(lowVoice, 12);
  const folder = folderOf({
    "1-a.wav": low,
    "1-b.wav": low,
    "2-a.wav": speak(highVoice, 20),
    "notes.txt": "not a recording",
  });
  const found = await readPeople(folder, averageCepstrum);
  expect(found.map(({ name, pieces }) => [name, pieces.length])).toEqual([
    ["1", 6],
    ["2", 5],
  ]);
  const { threshold, errorsAt } = calibrate(found);
  expect(errorsAt(threshold)).toEqual({ parted: 0, joined: 0 });
});

it("hears of a meeting only what one says while nobody else does", async () => {
  const folder = folderOf({
    "meeting.wav": inTurn(speak(lowVoice, 8), speak(highVoice, 8), pause(1)),
    "meeting.rttm": [
      "SPEAKER meeting 1 0 8.5 <NA> <NA> low <NA> <NA>",
      "SPEAKER meeting 1 7.5 8.5 <NA> <NA> high <NA> <NA>",
      "SPEAKER meeting 1 8.1 0.3 <NA> <NA> brief <NA> <NA>",
    ].join("\n"),
  });
  const found = await readPeople(folder, averageCepstrum);
  expect(found.map(({ group, name, pieces }) => [group, name, pieces.length])).toEqual([
    ["meeting", "low", 2],
    ["meeting", "high", 2],
  ]);
});

it("says which folder has no recording", async () => {
  await expect(readPeople(folderOf({}), averageCepstrum)).rejects.toThrow(/has no WAV file/);
  await expect(readPeople("/nowhere/at-all", averageCepstrum)).rejects.toThrow(/no folder/);
});
