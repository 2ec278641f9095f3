import { expect, test } from "vitest";
import { WaveFile } from "wavefile";
import { chunkBytes, sampleRateHz } from "../../schemas/wire/audio.ts";
import { limits } from "../../schemas/limits.ts";
import {
  fitsWav,
  seqAt,
  seqsOf,
  wavBytes,
  wavHeader,
  type WavPiece,
  wavPieces,
} from "../../server/gateway/results/wav/wav.ts";
import { wavHeadBytes } from "../../schemas/speech/wav-head.ts";
import { randomFrom } from "./support/random.ts";

const span = (fromSample: number, toSample: number) => ({ fromSample, toSample });

test("[A1] the header is read by an independent parser", () => {
  const data = new Uint8Array(3 * chunkBytes).map((_, i) => i);
  const wav = new WaveFile(new Uint8Array([...wavHeader(span(16_000, 4 * 16_000)), ...data]));
  expect(wav.fmt).toMatchObject({ audioFormat: 1, numChannels: 1, sampleRate: sampleRateHz, bitsPerSample: 16 });
  expect(wav.getSamples(false, Int16Array)).toEqual(new Int16Array(data.buffer));
});

test("[A2] [limit:maxWavSeconds] the longest WAV counts its bytes in 32 bits, and one second more would not", () => {
  const longest = span(0, limits.maxWavSeconds * sampleRateHz);
  expect(fitsWav(longest)).toBe(true);
  expect(wavBytes(longest) - 8).toBeLessThan(2 ** 32);
  expect(fitsWav(span(0, longest.toSample + 1))).toBe(false);
  expect(wavBytes(longest) - 8 + chunkBytes).toBeGreaterThanOrEqual(2 ** 32);
});

test.each([
  [0, 0, 1, 0],
  [0, 1, 1, 1],
  [0, 16_000, 1, 1],
  [15_999, 16_001, 1, 2],
  [16_000, 16_001, 2, 2],
  [16_000, 48_000, 2, 3],
])("samples %i to %i lie in seconds %i to %i", (from, to, from_seq, to_seq) => {
  expect(seqsOf(span(from, to))).toEqual({ from_seq, to_seq });
});

/** Every byte of a file, from a track whose every byte tells where it is. */
function bytesOf(pieces: Iterable<WavPiece>): string[] {
  return [...pieces].flatMap((piece) =>
    Array.from({ length: piece.to - piece.from }, (_, i) =>
      piece.kind === "header" ? `h${piece.from + i}` : String((piece.seq - 1) * chunkBytes + piece.from + i),
    ),
  );
}

test("[A5] any range of any span is the same as that stretch of the whole", () => {
  const random = randomFrom(11);
  for (let round = 0; round < 30; round += 1) {
    const fromSample = random(3 * sampleRateHz);
    const length = random(2 * sampleRateHz);
    const file = span(fromSample, fromSample + length);
    const size = wavBytes(file);
    const whole = bytesOf(wavPieces(file, 0, size));
    expect(whole).toHaveLength(size);
    expect(whole[wavHeadBytes]).toBe(length === 0 ? undefined : String(fromSample * 2));
    const from = random(size);
    const to = from + random(size - from + 1);
    expect(bytesOf(wavPieces(file, from, to))).toEqual(whole.slice(from, to));
    if (to <= wavHeadBytes || to === from) continue;
    const last = [...wavPieces(file, from, to)].at(-1);
    expect(last).toMatchObject({ seq: seqAt(file, to - 1) });
  }
});
