/** Chunks whose bytes tell their seq, and the frames around them. */
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import { encodeBase64 } from "../../../schemas/wire/base64.ts";
import type { Encoding } from "../../../schemas/wire/codec.ts";

export const timestampOf = (seq: number): number => 1_750_000_000_000 + seq * 1_000;

/** One second that no other (seq, variant) has. */
export function pcmOf(seq: number, variant = 0): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(chunkBytes / 4);
  let word = (Math.imul(seq, 2_654_435_761) ^ Math.imul(variant + 1, 40_503)) >>> 0 || 1;
  for (let i = 0; i < words.length; i += 1) {
    // xorshift32: cheap, and nothing repeats within a chunk.
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    words[i] = word;
  }
  return new Uint8Array(words.buffer);
}

export function chunkFrame(chunk: {
  readonly sessionId: string;
  readonly seq: number;
  readonly pcm: Uint8Array;
  readonly encoding: Encoding;
}): Record<string, unknown> {
  return {
    type: "chunk",
    meeting_id: chunk.sessionId,
    seq: chunk.seq,
    timestamp_ms: timestampOf(chunk.seq),
    sample_rate: 16_000,
    channels: 1,
    format: "pcm_s16le",
    ...(chunk.encoding === "json" ? { content_b64: encodeBase64(chunk.pcm) } : { content: chunk.pcm }),
  };
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** One second that an energy gate takes for speech, loud and quiet by turns; no other seq has it. */
export function speechOf(seq: number): Uint8Array<ArrayBuffer> {
  const samples = new Int16Array(pcmOf(seq).buffer);
  const blockSamples = 1_600;
  for (let i = 0; i < samples.length; i += 1) {
    const isQuiet = Math.floor(i / blockSamples) % 2 === 1;
    samples[i] = Math.trunc((samples[i] ?? 0) / (isQuiet ? 1_000 : 4));
  }
  return new Uint8Array(samples.buffer);
}

/** One second of steady hiss, too low for anybody to speak in it. */
export function hissOf(seq: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Int16Array(pcmOf(seq).buffer).map((sample) => Math.trunc(sample / 1_000)).buffer);
}
