import { describe, expect, it } from "vitest";
import { bestPairs } from "../../../server/shared/diarizer/best-pairs.ts";
import { scoreDer } from "../../../scripts/speakers/eval/der.ts";
import type { Turn } from "../../../scripts/speakers/eval/turns.ts";
import { randomFrom } from "../support/random.ts";

const turn = (speaker: string, start_ms: number, end_ms: number): Turn => ({ speaker, start_ms, end_ms });

describe("the diarization error rate", () => {
  it("agrees with a case worked out by hand", () => {
    const truth = [turn("A", 0, 10_000), turn("B", 10_000, 15_000), turn("A", 14_000, 16_000)];
    const said = [turn("1", 0, 11_000), turn("2", 11_000, 14_500), turn("3", 17_000, 18_000)];
    // 1 is A and 2 is B. Said and true: 0–10 s A; 10–11 s confused; 11–14 s B; 14–14.5 s A missed under B;
    // 14.5–15 s both missed; 15–16 s A missed; 17–18 s false.
    expect(scoreDer(truth, said, 0)).toEqual({
      totalMs: 17_000,
      missedMs: 500 + 2 * 500 + 1_000,
      falseMs: 1_000,
      confusedMs: 1_000,
      overlapMs: 2_000,
      overlapErrorMs: 500 + 2 * 500,
      der: 4_500 / 17_000,
    });
  });

  it("gives what the documentation of pyannote.metrics prints for its example", () => {
    const truth = [
      turn("A", 0, 10_000),
      turn("B", 12_000, 20_000),
      turn("A", 24_000, 27_000),
      turn("C", 30_000, 40_000),
    ];
    const said = [
      turn("a", 2_000, 13_000),
      turn("d", 13_000, 14_000),
      turn("b", 14_000, 20_000),
      turn("c", 22_000, 38_000),
      turn("d", 38_000, 40_000),
    ];
    const score = scoreDer(truth, said, 0);
    expect(score).toMatchObject({ totalMs: 31_000, missedMs: 2_000, falseMs: 7_000, confusedMs: 7_000, overlapMs: 0 });
    expect(score.der).toBeCloseTo(0.516_129_032_258_064_5, 12);
  });

  it("gives what the documentation of simpleder prints for its example", () => {
    const truth = [turn("A", 0, 1_000), turn("B", 1_000, 1_500), turn("A", 1_600, 2_100)];
    const said = [turn("1", 0, 800), turn("2", 800, 1_400), turn("3", 1_500, 1_800), turn("1", 1_800, 2_000)];
    expect(scoreDer(truth, said, 0).der).toBeCloseTo(0.35, 12);
  });

  it("scores what the evaluation map holds, and nothing else", () => {
    const truth = [turn("A", 0, 4_000), turn("B", 4_000, 8_000)];
    const said = [turn("x", 0, 3_000), turn("y", 3_000, 7_000), turn("x", 7_000, 9_000)];
    const scored = [
      { start_ms: 0, end_ms: 3_500 },
      { start_ms: 7_500, end_ms: 9_000 },
    ];
    // 3–3.5 s and 7.5–8 s confused, 8–9 s false.
    expect(scoreDer(truth, said, 0, scored)).toMatchObject({
      totalMs: 4_000,
      missedMs: 0,
      falseMs: 1_000,
      confusedMs: 1_000,
    });
  });

  it("leaves the collar out on both sides of every edge of the truth", () => {
    const truth = [turn("A", 1_000, 3_000), turn("B", 3_000, 5_000)];
    const said = [turn("x", 800, 3_200), turn("y", 3_200, 5_600)];
    // Scored: 1.25–2.75 s and 3.25–4.75 s without an error; after 5.25 s 0.35 s of false speech.
    expect(scoreDer(truth, said, 250)).toMatchObject({ totalMs: 3_000, missedMs: 0, falseMs: 350, confusedMs: 0 });
    expect(scoreDer(truth, said, 0)).toMatchObject({ totalMs: 4_000, falseMs: 800, confusedMs: 200 });
  });

  it("is 0 for the truth under other names, and 1 for silence", () => {
    const truth = [turn("A", 0, 1_000), turn("B", 500, 2_000), turn("A", 3_000, 4_000)];
    const renamed = truth.map((each) => ({ ...each, speaker: each.speaker === "A" ? "B" : "A" }));
    expect(scoreDer(truth, renamed, 0).der).toBe(0);
    expect(scoreDer(truth, [], 0).der).toBe(1);
  });

  it("agrees with a scorer of another kind, 10 ms by 10 ms under every naming", () => {
    const random = randomFrom(4);
    const someTurns = (names: string[], count: number): Turn[] =>
      Array.from({ length: count }, () => {
        const start = random(400) * 10;
        return turn(names[random(names.length)] ?? "", start, start + (1 + random(80)) * 10);
      });
    for (let round = 0; round < 60; round++) {
      const truth = someTurns(["A", "B", "C"], 6);
      const said = someTurns(["1", "2", "3", "4"], 7);
      for (const collarMs of [0, 50])
        expect(scoreDer(truth, said, collarMs).der).toBeCloseTo(derByFrames(truth, said, collarMs), 9);
    }
  });
});

describe("the assignment", () => {
  it("takes the best of all, not the best of each", () => {
    expect(
      bestPairs([
        [9, 8],
        [8, 1],
      ]),
    ).toEqual([1, 0]);
  });

  it("leaves rows over, and columns", () => {
    expect(bestPairs([[1], [3], [2]])).toEqual([undefined, 0, undefined]);
    expect(bestPairs([[1, 5, 2]])).toEqual([1]);
    expect(bestPairs([])).toEqual([]);
    expect(bestPairs([[], []])).toEqual([undefined, undefined]);
  });
});

/** Counts frames; tries every one-to-one naming. */
function derByFrames(truth: readonly Turn[], said: readonly Turn[], collarMs: number): number {
  const truthNames = [...new Set(truth.map(({ speaker }) => speaker))];
  const saidNames = [...new Set(said.map(({ speaker }) => speaker))];
  const frames = Array.from({ length: 600 }, (_, i) => i * 10 + 5)
    .filter((ms) => !truth.some((each) => [each.start_ms, each.end_ms].some((edge) => Math.abs(ms - edge) < collarMs)))
    .map((ms) => ({ truth: speakersAt(truth, ms), said: speakersAt(said, ms) }));
  const total = frames.reduce((sum, frame) => sum + frame.truth.size, 0);
  const errors = namings(saidNames, truthNames).map((naming) =>
    frames.reduce((sum, frame) => {
      const right = [...frame.said].filter((name) => frame.truth.has(naming.get(name) ?? "")).length;
      return sum + Math.max(frame.truth.size, frame.said.size) - right;
    }, 0),
  );
  return Math.min(...errors) / total;
}

function speakersAt(turns: readonly Turn[], ms: number): Set<string> {
  return new Set(turns.filter((each) => each.start_ms < ms && ms < each.end_ms).map(({ speaker }) => speaker));
}

function namings(from: readonly string[], to: readonly string[]): Map<string, string>[] {
  const [first, ...rest] = from;
  if (first === undefined) return [new Map()];
  return [undefined, ...to].flatMap((name) =>
    namings(
      rest,
      to.filter((other) => other !== name),
    ).map((naming) => (name === undefined ? naming : new Map([...naming, [first, name]]))),
  );
}
