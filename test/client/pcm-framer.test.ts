import { describe, expect, test } from "vitest";
import { type Framed, type PcmBlock, PcmFramer } from "../../client/capture/pcm-framer.ts";
import { randomFrom, seed } from "../unit/support/random.ts";
import { blocksOf, fitTone, sine } from "./support/signal.ts";

const second = 16_000;

function samplesOf(frames: readonly Framed[]): Int16Array {
  const samples = new Int16Array(frames.length * second);
  for (const [index, { pcm }] of frames.entries()) {
    expect(pcm.byteLength).toBe(32_000);
    const view = new DataView(pcm.buffer, pcm.byteOffset);
    for (let i = 0; i < second; i += 1) samples[index * second + i] = view.getInt16(2 * i, true);
  }
  return samples;
}

function frame(format: { sampleRate: number; channels: number }, blocks: readonly PcmBlock[]): Framed[] {
  const framer = new PcmFramer(format);
  return [...blocks.flatMap((block) => framer.push(block)), ...framer.flush()];
}

const noise = (length: number, random: (below: number) => number): Int16Array =>
  Int16Array.from({ length }, () => random(65_536) - 32_768);

describe("16 kHz mono", () => {
  const format = { sampleRate: 16_000, channels: 1 };

  test.for([1, 160, 16_000, 40_000])(`Int16 passes to the bit in blocks up to %i (seed ${seed})`, (most) => {
    const random = randomFrom(seed);
    const source = noise(2 * second + 1 + random(second - 1), random);
    const frames = frame(format, blocksOf(source, most, random));
    const out = samplesOf(frames);
    expect(frames.length).toBe(3);
    expect(out.subarray(0, source.length)).toEqual(source);
    expect(out.subarray(source.length).every((sample) => sample === 0)).toBe(true);
    expect(frames.map((each) => each.paddingSamples)).toEqual([0, 0, 3 * second - source.length]);
  });

  test("every Int16 survives the way over Float32", () => {
    const source = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
    const floats = Float32Array.from(source, (sample) => sample / 32_768);
    expect(samplesOf(frame(format, [floats])).subarray(0, source.length)).toEqual(source);
  });

  test("floats are rounded and clipped; what is no number is silence, and alone", () => {
    const floats = Float32Array.of(1, -1, 1.5, -7, 0.5 / 32_768, 0.4 / 32_768, Number.NaN, Infinity, -Infinity, 0.5);
    expect([...samplesOf(frame(format, [floats])).subarray(0, 10)]).toEqual([
      32_767, -32_768, 32_767, -32_768, 1, 0, 0, 0, 0, 16_384,
    ]);
  });

  test("a source of whole seconds gets no padding and no empty second", () => {
    expect(frame(format, [new Int16Array(second)]).map((each) => each.paddingSamples)).toEqual([0]);
    expect(frame(format, [])).toEqual([]);
  });

  test("a frame handed out is not written to again", () => {
    const framer = new PcmFramer(format);
    const [first] = framer.push(new Int16Array(second).fill(7));
    framer.push(new Int16Array(second).fill(9));
    expect(samplesOf(first ? [first] : []).every((sample) => sample === 7)).toBe(true);
  });
});

describe("channels", () => {
  test(`stereo is averaged, wherever blocks are cut (seed ${seed})`, () => {
    const random = randomFrom(seed);
    const [left, right] = [noise(second, random), noise(second, random)];
    const both = Int16Array.from({ length: 2 * second }, (_, i) => (i % 2 === 0 ? left : right)[i >> 1] ?? 0);
    const expected = left.map((sample, i) => Math.round((sample + (right[i] ?? 0)) / 2));
    const format = { sampleRate: 16_000, channels: 2 };
    expect(samplesOf(frame(format, [both]))).toEqual(expected);
    expect(samplesOf(frame(format, blocksOf(both, 7, random)))).toEqual(expected);
  });

  test("half a sample frame waits for its other half, also when the source changes to floats", () => {
    const framer = new PcmFramer({ sampleRate: 16_000, channels: 2 });
    framer.push(Int16Array.of(100, 300, 500));
    framer.push(Float32Array.of(700 / 32_768));
    expect(framer.pendingSamples).toBe(2);
    expect([...samplesOf(framer.flush()).subarray(0, 3)]).toEqual([200, 600, 0]);
  });

  test.for([0, 33, 1.5, Number.NaN])("%d channels are refused", (channels) => {
    expect(() => new PcmFramer({ sampleRate: 16_000, channels })).toThrow(RangeError);
  });
});

describe("other rates", () => {
  test("48 kHz stereo becomes seconds of 16 kHz, with the rest padded", () => {
    const mono = sine(1_000, 48_000, 2.5 * 48_000);
    const stereo = Float32Array.from({ length: 2 * mono.length }, (_, i) => mono[i >> 1] ?? 0);
    const frames = frame({ sampleRate: 48_000, channels: 2 }, [stereo]);
    expect(frames.map((each) => each.paddingSamples)).toEqual([0, 0, 8_000]);
    const out = Float32Array.from(samplesOf(frames).subarray(0, 2.5 * second), (sample) => sample / 32_768);
    const fit = fitTone(out, 1_000, 16_000, 200);
    expect(fit.amplitude).toBeCloseTo(0.5, 4);
    // 16 bits at half scale: 92 dB at best.
    expect(fit.snrDb).toBeGreaterThan(88);
  });

  test("a bad sample harms no neighbour", () => {
    const silence = new Float32Array(48_000);
    silence[24_000] = Number.NaN;
    silence[24_100] = Infinity;
    expect(samplesOf(frame({ sampleRate: 48_000, channels: 1 }, [silence])).every((sample) => sample === 0)).toBe(true);
  });
});

describe("cut, before a gap", () => {
  test("ends the second under way; the next sample begins a new one", () => {
    const framer = new PcmFramer({ sampleRate: 16_000, channels: 1 });
    expect(framer.cut()).toBeUndefined();
    framer.push(new Int16Array(100).fill(1));
    const cut = framer.cut();
    expect(cut?.paddingSamples).toBe(15_900);
    expect(framer.pendingSamples).toBe(0);
    expect(framer.cut()).toBeUndefined();
    const [next] = framer.push(new Int16Array(second).fill(2));
    expect(samplesOf(next ? [next] : []).every((sample) => sample === 2)).toBe(true);
  });

  test("what the resampler held back stays before the gap", () => {
    const framer = new PcmFramer({ sampleRate: 48_000, channels: 1 });
    framer.push(new Float32Array(24_000).fill(0.5));
    expect(framer.cut()?.paddingSamples).toBe(8_000);
    framer.push(new Float32Array(48_000));
    expect(samplesOf(framer.flush()).every((sample) => sample === 0)).toBe(true);
  });

  test("a second that the held-back samples would overfill is just full", () => {
    const framer = new PcmFramer({ sampleRate: 48_000, channels: 1 });
    framer.push(new Float32Array(48_000 + 30).fill(0.5));
    expect(framer.pendingSamples).toBeGreaterThan(second - 40);
    expect(framer.cut()?.paddingSamples).toBe(0);
    expect([framer.pendingSamples, framer.cut()]).toEqual([0, undefined]);
  });

  test("half a sample frame does not shift the channels behind it", () => {
    const framer = new PcmFramer({ sampleRate: 16_000, channels: 2 });
    framer.push(Int16Array.of(1, 1, 9));
    framer.cut();
    framer.push(Int16Array.of(2, 4));
    expect(samplesOf(framer.flush())[0]).toBe(3);
  });
});

describe("one channel of several", () => {
  const stereo = Int16Array.from({ length: 4 * second }, (_, i) => (i % 2 === 0 ? 1_000 : -2_000));

  test.for([
    [1, 1_000],
    [2, -2_000],
    [undefined, -500],
  ] as const)("channel %s", ([channel, value]) => {
    const format = { sampleRate: 16_000, channels: 2, ...(channel && { channel }) };
    expect(new Set(samplesOf(frame(format, [stereo.subarray(0, 3), stereo.subarray(3)])))).toEqual(new Set([value]));
  });

  test.for([0, 3, 1.5])("there is no channel %d", (channel) => {
    expect(() => new PcmFramer({ sampleRate: 16_000, channels: 2, channel })).toThrow(/from 1 to 2/);
  });

  test("channels that cancel each other out are told, whichever way the blocks are cut", () => {
    const faults: unknown[] = [];
    const framer = new PcmFramer(
      { sampleRate: 16_000, channels: 2 },
      { onChannelFault: (fault) => faults.push(fault) },
    );
    const opposite = Float32Array.from(
      { length: 12 * second },
      (_, i) => (i % 2 === 0 ? 1 : -1) * Math.sin((i >> 1) / 8),
    );
    for (let at = 0; at < opposite.length; at += 7_777) framer.push(opposite.subarray(at, at + 7_777));
    framer.flush();
    expect(faults).toEqual([{ kind: "cancel", channel: 1 }]);
  });
});
