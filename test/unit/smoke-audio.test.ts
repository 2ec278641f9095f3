/** The audio of the smoke harness: tones, and WAV files cut into seconds. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
// oxlint-disable-next-line import/default -- a CommonJS bundle: Node gives all of it as the default export.
import wavefile from "wavefile";
import { describe, expect, test } from "vitest";
import { chunkBytes, chunkSamples } from "../../schemas/wire/audio.ts";
import { loadAudio } from "../../client/testkit/sent-audio.ts";
import { toneChunk } from "../../client/testkit/tone.ts";
import { readWavChunks } from "../../client/testkit/wav-chunks.ts";

// oxlint-disable-next-line import/no-named-as-default-member -- see the import.
const { WaveFile } = wavefile;
const sample = "scripts/demo/sample/interview.wav";

function wav(channels: number, rate: number, depth: string, samples: number[] | number[][]): Uint8Array {
  const file = new WaveFile();
  file.fromScratch(channels, rate, depth, samples);
  return file.toBuffer();
}

const sine = (length: number, rate: number, peak: number): number[] =>
  Array.from({ length }, (_, at) => Math.round(peak * Math.sin((2 * Math.PI * 440 * at) / rate)));

function samplesOf(chunks: readonly Uint8Array[]): Int16Array {
  const bytes = Buffer.concat(chunks);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

describe("tones", () => {
  test("no two seconds of a long stream have the same bytes, and a seq always has the same", () => {
    const seen = new Set<string>();
    for (let seq = 1; seq <= 600; seq += 1) seen.add(createHash("sha256").update(toneChunk(seq)).digest("hex"));
    expect(seen.size).toBe(600);
    expect(toneChunk(7)).toEqual(toneChunk(7));
    expect(toneChunk(7).byteLength).toBe(chunkBytes);
  });
});

describe("WAV files", () => {
  test("16 kHz mono s16le passes byte for byte; the last second is filled up with silence", () => {
    const { chunks, paddingSamples } = readWavChunks(readFileSync(sample), sample);
    const pcm = readFileSync(sample).subarray(44);
    expect(chunks).toHaveLength(71);
    expect(paddingSamples).toBe(71 * chunkSamples - pcm.byteLength / 2);
    const all = Buffer.concat(chunks);
    expect(all.subarray(0, pcm.byteLength).equals(pcm)).toBe(true);
    expect(all.subarray(pcm.byteLength).every((byte) => byte === 0)).toBe(true);
  });

  test("a whole number of seconds needs no padding", () => {
    const twoSeconds = wav(
      1,
      16_000,
      "16",
      Array.from({ length: 32_000 }, () => 0),
    );
    expect(readWavChunks(twoSeconds, "x")).toMatchObject({ paddingSamples: 0, chunks: { length: 2 } });
  });

  test("channels are averaged", () => {
    const file = wav(2, 16_000, "16", [
      Array.from({ length: 16_000 }, () => 1_000),
      Array.from({ length: 16_000 }, () => 3_000),
    ]);
    expect(new Set(samplesOf(readWavChunks(file, "x").chunks))).toEqual(new Set([2_000]));
  });

  test.each([
    ["44.1 kHz, 16 bit", 44_100, "16", 16_000],
    ["48 kHz, 24 bit", 48_000, "24", 4_096_000],
    ["8 kHz, 16 bit", 8_000, "16", 16_000],
    ["16 kHz, 32 bit", 16_000, "32", 1_048_576_000],
  ])("%s becomes 16 kHz of the same length and loudness", (_name, rate, depth, peak) => {
    const { chunks, paddingSamples } = readWavChunks(wav(1, rate, depth, sine(rate * 2, rate, peak)), "x");
    expect(chunks).toHaveLength(2);
    expect(paddingSamples).toBe(0);
    const loudest = Math.max(...samplesOf(chunks).subarray(4_000, 28_000).map(Math.abs));
    expect(loudest).toBeGreaterThan(15_000);
    expect(loudest).toBeLessThan(17_000);
  });

  test("A-law and 8 bit are read", () => {
    const file = new WaveFile(wav(1, 16_000, "16", sine(16_000, 16_000, 16_000)));
    file.toALaw();
    expect(Math.max(...samplesOf(readWavChunks(file.toBuffer(), "x").chunks))).toBeGreaterThan(15_000);
    const eight = sine(16_000, 16_000, 64).map((value) => value + 128);
    expect(Math.max(...samplesOf(readWavChunks(wav(1, 16_000, "8", eight), "x").chunks))).toBeGreaterThan(15_000);
  });

  test("what is no WAV, holds nothing, or is shorter than asked for is named in a sentence", () => {
    expect(() => readWavChunks(new TextEncoder().encode("hello"), "a.wav")).toThrow(/^a\.wav is not a WAV file/);
    expect(() => readWavChunks(wav(1, 16_000, "16", []), "a.wav")).toThrow(
      "a.wav is a WAV file without a sample in it.",
    );
    expect(() => loadAudio("no/such.wav", undefined)).toThrow(/^no\/such\.wav can't be read/);
    expect(() => loadAudio(sample, 72)).toThrow("holds 71 seconds, fewer than the 72");
    expect(loadAudio(sample, 3)).toMatchObject({ paddingSamples: 0, chunks: { length: 3 } });
    expect(loadAudio(undefined, undefined).chunks).toHaveLength(10);
  });
});
