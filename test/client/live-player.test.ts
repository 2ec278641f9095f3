/** How live audio is played: the script of the audio thread, run here in a world made for it, and the way to its rate. */
import { describe, expect, test } from "vitest";
import { playDelayMs, playerSource } from "../../client/browser/player-processor.ts";
import { Upsampler } from "../../client/browser/upsampler.ts";

const rateHz = 48_000;
const quantumSamples = 128;

interface Processor {
  port: { onmessage: (message: { data: object }) => void };
  process: (inputs: unknown[], outputs: Float32Array[][]) => boolean;
}

/** The audio thread, run by hand. */
class AudioThread {
  readonly #world = { currentFrame: 0 };
  readonly #processor: Processor;

  constructor() {
    let made: (new () => Processor) | undefined;
    class Base {
      readonly port = { onmessage: undefined };
    }
    const register = (_name: string, given: new () => Processor): void => void (made = given);
    // `currentFrame` is a global there, which changes.
    const source = playerSource.replaceAll("currentFrame", "world.currentFrame");
    // oxlint-disable-next-line typescript/no-implied-eval -- a script of ours, as a worklet has it.
    new Function("registerProcessor", "AudioWorkletProcessor", "sampleRate", "world", source)(
      register,
      Base,
      rateHz,
      this.#world,
    );
    if (!made) throw new Error("nothing was registered");
    this.#processor = new made();
  }

  /** @param value of all samples. */
  give(track: string, ms: number, value: number, flush = false): void {
    const samples = new Float32Array((ms * rateHz) / 1_000).fill(value);
    this.#processor.port.onmessage({ data: { track, samples, flush } });
  }

  run(ms: number): number[] {
    const played: number[] = [];
    for (let left = Math.round((ms * rateHz) / 1_000 / quantumSamples); left > 0; left -= 1) {
      const out = new Float32Array(quantumSamples);
      this.#processor.process([], [[out]]);
      played.push(...out);
      this.#world.currentFrame += quantumSamples;
    }
    return played;
  }
}

const msOf = (samples: readonly number[]): number => (samples.length * 1_000) / rateHz;
const soundMs = (played: readonly number[]): number => msOf(played.filter((sample) => sample !== 0));
/** How long it is silent before the first sound. */
const quietMs = (played: readonly number[]): number =>
  msOf(
    played.slice(
      0,
      played.findIndex((sample) => sample !== 0),
    ),
  );

describe("on the audio thread", () => {
  test("[V9] what comes is heard after a short delay, whole, and tracks together", () => {
    const thread = new AudioThread();
    for (let i = 0; i < 5; i += 1) thread.give("a", 100, 0.25);
    thread.give("b", 20, 0.5);
    const played = thread.run(1_000);
    expect(Math.abs(quietMs(played) - playDelayMs)).toBeLessThan(4);
    expect(soundMs(played)).toBeCloseTo(500, 5);
    expect(Math.max(...played)).toBeCloseTo(0.75, 5);
    expect(played.reduce((sum, sample) => sum + sample, 0)).toBeCloseTo((0.25 * 0.5 + 0.5 * 0.02) * rateHz, 0);
  });

  test("[V9] a flush drops what its track has not played, and nothing of another", () => {
    const thread = new AudioThread();
    thread.give("ai", 4_000, 0.25);
    thread.give("mic", 4_000, 0.125);
    thread.run(500);
    thread.give("ai", 20, 0.5, true);
    const played = thread.run(4_000);
    expect(played.filter((sample) => sample > 0.2 && sample < 0.45)).toEqual([]);
    expect(msOf(played.filter((sample) => sample >= 0.5))).toBeCloseTo(20, 5);
    expect(soundMs(played)).toBeGreaterThan(3_500);
  });

  test("[V9] where it ran dry it waits longer, and takes that back in pauses alone", () => {
    const thread = new AudioThread();
    thread.give("a", 100, 0.25);
    expect(soundMs(thread.run(400))).toBeCloseTo(100, 5);
    // It was late, and then all of it comes at once: some speech, a pause, more speech.
    for (const [ms, value] of [
      [300, 0.25],
      [1_000, 0.000_1],
      [300, 0.5],
    ] as const)
      thread.give("a", ms, value);
    const played = thread.run(3_000);
    expect(quietMs(played)).toBeGreaterThan(playDelayMs + 50);
    expect(msOf(played.filter((sample) => sample === 0.25))).toBeCloseTo(300, 0);
    expect(msOf(played.filter((sample) => sample === 0.5))).toBeCloseTo(300, 0);
    const pauseMs = msOf(played.filter((sample) => sample > 0 && sample < 0.001));
    expect(pauseMs).toBeLessThan(900);
    expect(pauseMs).toBeGreaterThan(500);
  });

  test("[V9] what was sent ahead of its time keeps its pauses, and ten seconds are the most that waits", () => {
    const thread = new AudioThread();
    thread.give("ai", 500, 0.25);
    thread.give("ai", 2_000, 0.000_1);
    thread.give("ai", 500, 0.25);
    expect(soundMs(thread.run(5_000))).toBeCloseTo(3_000, 5);
    for (let i = 0; i < 200; i += 1) thread.give("late", 100, 0.25);
    expect(soundMs(thread.run(25_000))).toBeCloseTo(10_000, 5);
  });

  test("[V9] tracks without end are not kept without end", () => {
    const thread = new AudioThread();
    for (let i = 0; i < 1_000; i += 1) thread.give(`t${i}`, 100, 0.001);
    expect(Math.max(...thread.run(500))).toBeLessThan(0.065);
  });
});

describe.each([16_000, 24_000])("from %i Hz", (inputHz) => {
  const factor = rateHz / inputHz;
  const tone = (hz: number, seconds = 1): Int16Array<ArrayBuffer> =>
    Int16Array.from({ length: inputHz * seconds }, (_, i) => 16_384 * Math.sin((2 * Math.PI * hz * i) / inputHz));

  test("[V9] a tone is the same tone at 48 kHz, without its image above", () => {
    const output = new Upsampler(factor).push(tone(1_000));
    const at = (hz: number): number => {
      let [re, im] = [0, 0];
      const [from, to] = [4_800, 4_800 + 38_400];
      for (let i = from; i < to; i += 1) {
        re += (output[i] ?? 0) * Math.cos((2 * Math.PI * hz * i) / rateHz);
        im += (output[i] ?? 0) * Math.sin((2 * Math.PI * hz * i) / rateHz);
      }
      return (2 * Math.hypot(re, im)) / (to - from);
    };
    expect(at(1_000)).toBeCloseTo(0.5, 2);
    expect(at(inputHz - 1_000)).toBeLessThan(0.002);
  });

  test("[V9] in whatever pieces it comes", () => {
    const source = tone(440, 0.1);
    const whole = new Upsampler(factor).push(source);
    const cut = new Upsampler(factor);
    const parts: number[] = [];
    for (let at = 0; at < source.length; at += 333) parts.push(...cut.push(source.subarray(at, at + 333)));
    expect(parts).toEqual([...whole]);
  });
});
