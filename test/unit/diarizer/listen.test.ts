/** Errors that can be heard: where they are, and what is cut out. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { failingsOf, scoreDer } from "../../../scripts/speakers/eval/der.ts";
import { writeFailings } from "../../../scripts/speakers/eval/listen.ts";
import type { Turn } from "../../../scripts/speakers/eval/turns.ts";
import { randomFrom } from "../support/random.ts";

const turn = (speaker: string, start_ms: number, end_ms: number): Turn => ({ speaker, start_ms, end_ms });
const truth = [turn("A", 0, 10_000), turn("B", 10_000, 15_000), turn("A", 14_000, 16_000)];
const said = [turn("1", 0, 11_000), turn("2", 11_000, 14_500), turn("B", 17_000, 18_000)];

it("tells errors by who spoke and who was said to", () => {
  expect(failingsOf(truth, said, 0)).toEqual([
    { kind: "confused", start_ms: 10_000, end_ms: 11_000, truth: ["B"], said: ["A"] },
    { kind: "missed", start_ms: 14_000, end_ms: 14_500, truth: ["A", "B"], said: ["B"] },
    { kind: "missed", start_ms: 14_500, end_ms: 15_000, truth: ["A", "B"], said: [] },
    { kind: "missed", start_ms: 15_000, end_ms: 16_000, truth: ["A"], said: [] },
    { kind: "false", start_ms: 17_000, end_ms: 18_000, truth: [], said: ["another (B)"] },
  ]);
  expect(failingsOf(truth, truth, 0)).toEqual([]);
});

it("finds an error exactly where the score has one", () => {
  const random = randomFrom(5);
  const turns = (names: string): Turn[] =>
    Array.from({ length: 6 }, () => {
      const start = random(40) * 250;
      return turn(names[random(names.length)] ?? "", start, start + 250 + random(12) * 250);
    });
  for (let round = 0; round < 50; round++) {
    const [a, b] = [turns("ABC"), turns("xyz")];
    const { missedMs, falseMs, confusedMs } = scoreDer(a, b, 0);
    expect(failingsOf(a, b, 0).length > 0).toBe(missedMs + falseMs + confusedMs > 0);
  }
});

it("writes the longest of them as WAV files, with a second on both sides, and none of what lasts a moment", () => {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-listen-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const samples = Int16Array.from({ length: 17_500 * 16 }, (_, i) => i % 1_000);
  const meeting = { name: "kitchen", condition: "recorded", group: "", samples, truth } as const;
  const lines = writeFailings(meeting, [...said, turn("1", 16_000, 16_400)], 0, folder);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toBe(`${folder}/kitchen-10.0s-confused.wav: 10.0 to 11.0 s, confused: B taken for A`);
  expect(readdirSync(folder).toSorted()).toEqual([
    "kitchen-10.0s-confused.wav",
    "kitchen-15.0s-missed.wav",
    "kitchen-17.0s-false.wav",
  ]);
  const wav = readFileSync(join(folder, "kitchen-10.0s-confused.wav"));
  expect([wav.toString("latin1", 0, 4), wav.length]).toEqual(["RIFF", 44 + 3 * 32_000]);
  expect(wav.subarray(44).equals(Buffer.from(samples.slice(9 * 16_000, 12 * 16_000).buffer))).toBe(true);
  // The recording ends half a second before the last one does.
  expect(readFileSync(join(folder, "kitchen-17.0s-false.wav"))).toHaveLength(44 + 1.5 * 32_000);
});
