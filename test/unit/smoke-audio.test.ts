/** The audio of the smoke harness: tones, and WAV files cut into seconds. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// oxlint-disable-next-line import/default -- a CommonJS bundle: Node gives all of it as the default export.
import wavefile from "wavefile";
import { afterAll, describe, expect, test } from "vitest";
import { chunkBytes, chunkSamples } from "../../schemas/wire/audio.ts";
import { loadAudio } from "../../client/testkit/sent-audio.ts";
import { toneChunk } from "../../client/testkit/tone.ts";
import { readWavChunks } from "../../client/testkit/wav-chunks.ts";

// oxlint-disable-next-line import/no-named-as-default-member -- see the import.
const { WaveFile } = wavefile;
const sample = "scripts/demo/sample/interview.wav";

const folder = mkdtempSync(join(tmpdir(), "roomtone-audio-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

/** @returns the path of a file with these bytes. */
function fileOf(bytes: Uint8Array): string {
  files += 1;
  const path = join(folder, `${files}.wav`);
  writeFileSync(path, bytes);
  return path;
}

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
  test("16 kHz mono s16le passes byte for byte; the last second is filled up with silence", async () => {
    const { chunks, paddingSamples } = await readWavChunks(sample);
    const pcm = readFileSync(sample).subarray(44);
    expect(chunks).toHaveLength(71);
    expect(paddingSamples).toBe(71 * chunkSamples - pcm.byteLength / 2);
    const all = Buffer.concat(chunks);
    expect(all.subarray(0, pcm.byteLength).equals(pcm)).toBe(true);
    expect(all.subarray(pcm.byteLength).every((byte) => byte === 0)).toBe(true);
  });

  test("a whole number of seconds needs no padding", async () => {
    const twoSeconds = wav(
      1,
      16_000,
      "16",
      Array.from({ length: 32_000 }, () => 0),
    );
    expect(await readWavChunks(fileOf(twoSeconds))).toMatchObject({ paddingSamples: 0, chunks: { length: 2 } });
  });

  test("channels are averaged", async () => {
    const file = wav(2, 16_000, "16", [
      Array.from({ length: 16_000 }, () => 1_000),
      Array.from({ length: 16_000 }, () => 3_000),
    ]);
    expect(new Set(samplesOf((await readWavChunks(fileOf(file))).chunks))).toEqual(new Set([2_000]));
  });

  test.each([
    ["44.1 kHz, 16 bit", 44_100, "16", 16_000],
    ["48 kHz, 24 bit", 48_000, "24", 4_096_000],
    ["8 kHz, 16 bit", 8_000, "16", 16_000],
    ["16 kHz, 32 bit", 16_000, "32", 1_048_576_000],
  ])("%s becomes 16 kHz of the same length and loudness", async (_name, rate, depth, peak) => {
    const { chunks, paddingSamples } = await readWavChunks(fileOf(wav(1, rate, depth, sine(rate * 2, rate, peak))));
    expect(chunks).toHaveLength(2);
    expect(paddingSamples).toBe(0);
    const loudest = Math.max(...samplesOf(chunks).subarray(4_000, 28_000).map(Math.abs));
    expect(loudest).toBeGreaterThan(15_000);
    expect(loudest).toBeLessThan(17_000);
  });

  test("A-law and 8 bit are read", async () => {
    const file = new WaveFile(wav(1, 16_000, "16", sine(16_000, 16_000, 16_000)));
    file.toALaw();
    expect(Math.max(...samplesOf((await readWavChunks(fileOf(file.toBuffer()))).chunks))).toBeGreaterThan(15_000);
    const eight = sine(16_000, 16_000, 64).map((value) => value + 128);
    expect(Math.max(...samplesOf((await readWavChunks(fileOf(wav(1, 16_000, "8", eight)))).chunks))).toBeGreaterThan(
      15_000,
    );
  });

  test("what is no WAV, holds nothing, or is shorter than asked for is named in a sentence", async () => {
    await expect(readWavChunks(fileOf(new TextEncoder().encode("hello")))).rejects.toThrow(
      /\.wav is not a WAV file\.$/,
    );
    await expect(readWavChunks(fileOf(wav(1, 16_000, "16", [])))).rejects.toThrow(
      "is a WAV file without a sample in it.",
    );
    await expect(loadAudio("no/such.wav", undefined)).rejects.toThrow(/^no\/such\.wav can't be read/);
    await expect(loadAudio(sample, 72)).rejects.toThrow("holds 71 seconds, fewer than the 72");
    expect(await loadAudio(sample, 3)).toMatchObject({ paddingSamples: 0, chunks: { length: 3 } });
    expect((await loadAudio(undefined, undefined)).chunks).toHaveLength(10);
  });
});
