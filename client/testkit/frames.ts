/** Frames of a capture client, with audio that can be made again from (seed, seq). */
import { encode } from "@msgpack/msgpack";
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { encodeBase64 } from "../../schemas/wire/base64.ts";
import type { Encoding } from "../../schemas/wire/codec.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** One second of noise: the same bytes for the same (seed, seq), and others for any other pair. */
export function pcm(seed: number, seq: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(chunkBytes / 4);
  // mulberry32, from a state that both numbers spread over.
  let state = (Math.imul(seed, 0x9e37_79b1) ^ Math.imul(seq, 0x85eb_ca6b)) >>> 0;
  for (let i = 0; i < words.length; i += 1) {
    state = (state + 0x6d2b_79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    words[i] = (t ^ (t >>> 14)) >>> 0;
  }
  return new Uint8Array(words.buffer);
}

export const helloFields: Fields = { type: "hello", sample_rate: 16_000, channels: 1, format: "pcm_s16le" };

/** The wall clock of the recorded meeting: any will do, the room only keeps it. */
const captureStartMs = 1_760_000_000_000;

/** A chunk's fields but for its audio. */
export function chunkFields(sessionId: string, seq: unknown): Fields {
  return {
    type: "chunk",
    meeting_id: sessionId,
    seq,
    timestamp_ms: captureStartMs + (typeof seq === "number" ? seq * 1_000 : 0),
    sample_rate: 16_000,
    channels: 1,
    format: "pcm_s16le",
  };
}

export interface ChunkOptions {
  readonly seed?: number;
  /** Instead of `pcm(seed, seq)`. */
  readonly content?: Uint8Array;
  /** Laid over the fields; undefined removes one. */
  readonly fields?: Fields;
}

/** One chunk as the socket takes it. */
export function chunkFrame(
  encoding: Encoding,
  sessionId: string,
  seq: number,
  { seed = 1, content = pcm(seed, seq), fields = {} }: ChunkOptions = {},
): string | Uint8Array {
  const audio = encoding === "json" ? { content_b64: encodeBase64(content) } : { content };
  return encodeFields(encoding, { ...chunkFields(sessionId, seq), ...audio, ...fields });
}

/** A message in an encoding. Fields that are undefined are left out; bytes as `content` become `content_b64` in JSON. */
export function encodeFields(encoding: Encoding, fields: Fields): string | Uint8Array {
  const present = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  if (encoding === "msgpack") return encode(present);
  const { content, ...rest } = present;
  return JSON.stringify(content instanceof Uint8Array ? { ...rest, content_b64: encodeBase64(content) } : present);
}
