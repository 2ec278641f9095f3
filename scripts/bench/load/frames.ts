/** Frames of chunks, encoded before anything is measured, and as much reading of answers as keeps a connection alive. */
import { fileURLToPath } from "node:url";
import { decode, encode } from "@msgpack/msgpack";
import { loadAudio } from "../../../client/testkit/sent-audio.ts";
import { channelCount, pcmFormat, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { encodeBase64 } from "../../../schemas/wire/base64.ts";
import type { Encoding } from "../../../schemas/wire/codec.ts";
import { roomTypes } from "../../../schemas/wire/proto/fields.ts";
import { writeClientMessage } from "../../../schemas/wire/proto/write-proto.ts";

const sample = fileURLToPath(new URL("../../demo/sample/interview.wav", import.meta.url));
export const audio = { sample_rate: sampleRateHz, channels: channelCount, format: pcmFormat } as const;

/** The seconds of the sample, in every encoding's own form, made once. */
export interface Speech {
  readonly seconds: readonly Uint8Array[];
  readonly base64: readonly string[];
}

export async function loadSpeech(encoding: Encoding): Promise<Speech> {
  const { chunks: seconds } = await loadAudio(sample, undefined);
  return { seconds, base64: encoding === "json" ? seconds.map((second) => encodeBase64(second)) : [] };
}

/** @param offset where in the sample a track begins: tracks that speak alike would be one voice. */
export function chunkFrame(
  { seconds, base64 }: Speech,
  encoding: Encoding,
  { session, seq, at, offset }: { session: string; seq: number; at: number; offset: number },
): Buffer {
  const index = (seq + offset) % seconds.length;
  const head = { type: "chunk", meeting_id: session, seq, timestamp_ms: at, ...audio };
  if (encoding === "json") return Buffer.from(JSON.stringify({ ...head, content_b64: base64[index] }));
  const message = { ...head, content: seconds[index] };
  return Buffer.from(encoding === "proto" ? writeClientMessage("chunk", message) : encode(message));
}

export interface Answer {
  readonly kind: "ack" | "refusal" | "other";
  /** To be sent back in `seen`. */
  readonly mark?: string | undefined;
}

const protoAck = tagOf(roomTypes.ack.n);
const protoError = tagOf(roomTypes.error.n);

/** Reads the first bytes alone where it can: what this process computes is taken from those that it measures. */
export function readAnswer(data: Buffer, isBinary: boolean, encoding: Encoding): Answer {
  if (!isBinary) {
    const text = data.toString();
    const kind = text.startsWith('{"type":"ack"') ? "ack" : isRetryable(text) ? "refusal" : "other";
    return { kind, mark: /"mark":"(\w+)"/.exec(text)?.[1] };
  }
  if (encoding === "proto") {
    const kind = data[0] === protoAck ? "ack" : data[0] === protoError ? "refusal" : "other";
    // Field 15, eight characters, the last field of an ack.
    const at = data.length - 10;
    return { kind, mark: data[at] === tagOf(15) && data[at + 1] === 8 ? data.toString("latin1", at + 2) : undefined };
  }
  const isAck = data.subarray(0, 16).includes("ack");
  if (isAck && !data.includes("mark")) return { kind: "ack" };
  const message = decode(data) as { type: string; mark?: string; retryable?: boolean };
  return { kind: isAck ? "ack" : message.retryable === true ? "refusal" : "other", mark: message.mark };
}

function isRetryable(text: string): boolean {
  return text.startsWith('{"type":"error"') && text.includes('"retryable":true');
}

/** A field whose value has a length before it. */
function tagOf(field: number): number {
  return field * 8 + 2;
}
