/**
 * Frames ⇄ messages. Guarantees: never throws on input, never allocates beyond the frame it was given,
 * and each refusal carries its documented code. Must not know rooms, sessions or the clock.
 */
import { decode, DecodeError, encode } from "@msgpack/msgpack";
import type * as z from "zod";
import { chunkBytes, isLiveLength, maxLiveMs, minLiveMs } from "./audio.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import type { WireErrorCode } from "./errors.ts";
import { binaryFrameHint, textFrameHint } from "./frame-hint.ts";
import { wireLimits } from "./wire-limits.ts";
import {
  type ChunkMessage,
  type ClientMessage,
  type ControlMessage,
  controlSchemas,
  jsonChunkSchema,
  jsonLiveSchema,
  type LiveFrame,
  type LiveMessage,
  msgpackChunkSchema,
  msgpackLiveSchema,
  type RoomMessage,
} from "./messages.ts";
import { isDeeperThan } from "./msgpack-depth.ts";
import { ProtoError, readClientMessage } from "./proto/read-proto.ts";
import { writeRoomMessage } from "./proto/write-proto.ts";
import { err, ok, type Result } from "../lib/result.ts";

export type Encoding = "json" | "msgpack" | "proto";

/** Why a frame was refused. `seq` where the frame carried a readable one. */
export interface FrameError {
  readonly code: WireErrorCode;
  readonly detail: string;
  readonly seq?: number;
}

/**
 * A frame is one flat map with one bin of a second: what is longer inside is refused before it is allocated.
 * The decoder has no bound on depth, so `isDeeperThan` looks first.
 */
const msgpackLimits = {
  maxStrLength: wireLimits.maxMessageBytes,
  maxBinLength: wireLimits.maxMessageBytes,
  maxArrayLength: 64,
  maxMapLength: 64,
  maxExtLength: 64,
} as const;

/** Reads one frame as it came from the socket: text is JSON, binary is MessagePack, or Protocol Buffers where that was agreed on. */
export function decodeFrame(
  frame: string | ArrayBuffer | ArrayBufferView,
  encoding: Encoding = "msgpack",
): Result<ClientMessage, FrameError> {
  if (typeof frame === "string") {
    return frame.length > wireLimits.maxMessageBytes ? tooLarge(frame.length) : decodeJsonFrame(frame);
  }
  const bytes = ArrayBuffer.isView(frame)
    ? new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength)
    : new Uint8Array(frame);
  if (bytes.byteLength > wireLimits.maxMessageBytes) return tooLarge(bytes.byteLength);
  return encoding === "proto" ? decodeProtoFrame(bytes) : decodeMsgpackFrame(bytes);
}

/** Writes a room's message in the encoding the client chose. */
export function encodeMessage(
  message: RoomMessage | LiveMessage,
  encoding: Encoding,
): string | Uint8Array<ArrayBuffer> {
  if (encoding === "msgpack") return encode(message);
  if (encoding === "proto") return writeRoomMessage(message);
  if (message.type !== "live" || !message.content) return JSON.stringify(message);
  const { content, ...rest } = message;
  return JSON.stringify({ ...rest, content_b64: encodeBase64(content) });
}

function decodeJsonFrame(text: string): Result<ClientMessage, FrameError> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("bad_json", textFrameHint(text) ?? "The text frame is not JSON. Send one JSON object a frame.");
  }
  const frame = asTyped(value);
  if (!frame.ok) return frame;
  const { type } = frame.value;
  if (!isAudio(type)) return parseControl(frame.value);
  const parsed = (type === "live" ? jsonLiveSchema : jsonChunkSchema).safeParse(frame.value);
  if (!parsed.success) return refuseIssue(parsed.error, frame.value);
  const { content_b64: text64, ...rest } = parsed.data;
  const content = decodeBase64(text64);
  if (!content.ok) {
    return refuse(
      "bad_base64",
      "content_b64 must be standard base64 (+ and /), padded, without white space.",
      "seq" in rest ? rest.seq : undefined,
    );
  }
  return sized({ ...rest, content: content.value });
}

function decodeMsgpackFrame(bytes: Uint8Array): Result<ClientMessage, FrameError> {
  let value: unknown;
  try {
    if (isDeeperThan(bytes, wireLimits.maxMsgpackDepth)) throw new RangeError("too deep");
    value = decode(bytes, msgpackLimits);
  } catch (cause) {
    // DecodeError: malformed or over a limit. RangeError: truncated, or bytes left over. Others are bugs.
    if (!(cause instanceof DecodeError || cause instanceof RangeError || cause instanceof TypeError)) throw cause;
    const hint = binaryFrameHint(bytes);
    return refuse("bad_msgpack", hint ?? "The binary frame is not exactly one MessagePack map within the limits.");
  }
  return parseBinary(value);
}

function decodeProtoFrame(bytes: Uint8Array): Result<ClientMessage, FrameError> {
  try {
    return parseBinary(readClientMessage(bytes));
  } catch (cause) {
    if (!(cause instanceof ProtoError)) throw cause;
    return refuse("bad_frame", `The binary frame is not one ClientMessage of interview.proto: ${cause.message}.`);
  }
}

function parseBinary(value: unknown): Result<ClientMessage, FrameError> {
  const frame = asTyped(value);
  if (!frame.ok) return frame;
  const { type } = frame.value;
  if (!isAudio(type)) return parseControl(frame.value);
  const parsed = (type === "live" ? msgpackLiveSchema : msgpackChunkSchema).safeParse(frame.value);
  return parsed.success ? sized(parsed.data) : refuseIssue(parsed.error, frame.value);
}

/** Messages that carry audio. */
const audioTypes = ["chunk", "live"] as const;
type AudioType = (typeof audioTypes)[number];
type FrameType = keyof typeof controlSchemas | AudioType;
type TypedFrame = { readonly type: FrameType } & Readonly<Record<string, unknown>>;

function isAudio(type: FrameType): type is AudioType {
  return type === "chunk" || type === "live";
}

function asTyped(value: unknown): Result<TypedFrame, FrameError> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const twice = typeof value === "string" ? " This one is a string: was it encoded twice?" : "";
    return refuse("bad_frame", `A frame is a map with a type, such as {"type":"status"}.${twice}`);
  }
  const type: unknown = "type" in value ? value.type : undefined;
  if (type === "chunk" || type === "live" || (typeof type === "string" && Object.hasOwn(controlSchemas, type))) {
    return ok(value as TypedFrame);
  }
  const known = [...audioTypes, ...Object.keys(controlSchemas)].join(", ");
  return refuse("unknown_type", `type must be one of ${known}.`, readableSeq(value));
}

function parseControl(frame: TypedFrame): Result<ControlMessage, FrameError> {
  if (isAudio(frame.type)) throw new TypeError("audio is no control message");
  const parsed = controlSchemas[frame.type].safeParse(frame);
  return parsed.success ? ok(parsed.data) : refuseIssue(parsed.error, frame);
}

function sized(message: ChunkMessage | LiveFrame): Result<ChunkMessage | LiveFrame, FrameError> {
  return message.type === "live" ? sizedLive(message) : sizedChunk(message);
}

function sizedLive(live: LiveFrame): Result<LiveFrame, FrameError> {
  if (isLiveLength(live.content.byteLength, live.sample_rate)) return ok(live);
  const { byteLength } = live.content;
  return refuse(
    "bad_frame",
    `content: live audio is ${minLiveMs} to ${maxLiveMs} ms of s16le, not ${byteLength} bytes.`,
  );
}

function sizedChunk(chunk: ChunkMessage): Result<ChunkMessage, FrameError> {
  if (chunk.content.byteLength === chunkBytes) return ok(chunk);
  return refuse(
    "bad_chunk_size",
    `A chunk holds ${chunkBytes} bytes, this one ${chunk.content.byteLength}.`,
    chunk.seq,
  );
}

const contentHint = {
  content:
    "content: a MessagePack message carries its audio there, beside seq, as a bin: neither a string nor an array of numbers.",
  content_b64: "content_b64: a JSON message carries its audio there, beside seq, as a string of base64.",
} as const;
/** A first guess is an object `audio` that has them. */
const topLevel = ", each a field of the message itself, beside type, and not inside another one";
const audioFields: ReadonlySet<unknown> = new Set(["sample_rate", "channels", "format"]);

/** Turns the first thing the schema found wrong into the code and a sentence to act on. */
function refuseIssue(error: z.ZodError, frame: object): Result<never, FrameError> {
  const issue = error.issues[0];
  const field = issue?.path[0];
  const seq = readableSeq(frame);
  if (audioFields.has(field)) {
    const isLive = "type" in frame && frame.type === "live";
    if (isLive)
      return refuse("bad_audio_format", `Live audio is s16le, mono, at a sample_rate of 16000 or 24000${topLevel}.`);
    return refuse("bad_audio_format", `Send sample_rate 16000, channels 1, format "pcm_s16le"${topLevel}.`, seq);
  }
  if (field === "content" || field === "content_b64") return refuse("bad_frame", contentHint[field], seq);
  return refuse("bad_frame", `${String(field)}: ${issue?.message ?? "invalid"}.`, seq);
}

function readableSeq(frame: object): number | undefined {
  const seq: unknown = "seq" in frame ? frame.seq : undefined;
  return Number.isSafeInteger(seq) ? (seq as number) : undefined;
}

function tooLarge(size: number): Result<never, FrameError> {
  return refuse("message_too_large", `A frame is at most ${wireLimits.maxMessageBytes} bytes, this one ${size}.`);
}

function refuse(code: WireErrorCode, detail: string, seq?: number): Result<never, FrameError> {
  return err({ code, detail, ...(seq === undefined ? {} : { seq }) });
}
