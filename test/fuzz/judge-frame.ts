/**
 * What a frame is by the specification, written down a second time without the schemas: a message of the protocol, or the
 * codes with which it may be refused. Knows no room.
 */
import type { WireErrorCode } from "../../schemas/wire/errors.ts";
import type { Frame } from "./build-frame.ts";
import { readMsgpack } from "./read-msgpack.ts";

export type ReadMessage =
  | {
      readonly type: "chunk";
      readonly meetingId: string;
      readonly seq: number;
      readonly at: number;
      readonly content: Uint8Array;
    }
  | {
      readonly type: "hello";
      readonly meetingId: string | undefined;
      readonly track: string | undefined;
      readonly role: string | undefined;
    }
  | { readonly type: "end"; readonly lastSeq: number; readonly padding: number }
  | { readonly type: "gap"; readonly from: number; readonly to: number; readonly cause: string }
  | { readonly type: "close"; readonly reason: string | undefined }
  | { readonly type: "live"; readonly track: string | undefined }
  | { readonly type: "status" | "ping" | "seen" };

export type Reading =
  | { readonly isMessage: true; readonly message: ReadMessage; readonly seq: number | undefined }
  /** Of several faults the gateway may name any. */
  | { readonly isMessage: false; readonly codes: readonly WireErrorCode[]; readonly seq: number | undefined };

const maxFrame = 65_536;
const maxSeq = 99_999_999;
const chunkLength = 32_000;
const maxTimestamp = 8.64e15;
const maxText = 256;
const topics: ReadonlySet<unknown> = new Set(["speakers", "utterances", "status", "live"]);
const causes: ReadonlySet<unknown> = new Set(["capture_stall", "client_gave_up"]);

type Fields = Readonly<Record<string, unknown>>;

export function readFrame(frame: Frame): Reading {
  if (frame.length > maxFrame) return refused("message_too_large");
  const value = typeof frame === "string" ? readJson(frame) : readMsgpack(frame);
  if (!value) return refused(typeof frame === "string" ? "bad_json" : "bad_msgpack");
  return readValue(value.value, typeof frame === "string");
}

function readJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    // Not JSON.
    return undefined;
  }
}

function readValue(value: unknown, isJson: boolean): Reading {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refused("bad_frame");
  const fields = value as Fields;
  const seq = Number.isSafeInteger(fields["seq"]) ? (fields["seq"] as number) : undefined;
  const good = (message: ReadMessage): Reading => ({ isMessage: true, message, seq });
  const bad = (...codes: readonly WireErrorCode[]): Reading => ({ isMessage: false, codes, seq });
  switch (fields["type"]) {
    case "status":
    case "ping":
      return good({ type: fields["type"] });
    case "seen":
      return isText(fields["mark"]) ? good({ type: "seen" }) : bad("bad_frame");
    case "close":
      return isOptional(isText, fields["reason"])
        ? good({ type: "close", reason: fields["reason"] as string | undefined })
        : bad("bad_frame");
    case "end":
      return isInt(fields["last_seq"], 0, maxSeq) && isOptional((v) => isInt(v, 0, 15_999), fields["padding_samples"])
        ? good({ type: "end", lastSeq: Number(fields["last_seq"]), padding: Number(fields["padding_samples"] ?? 0) })
        : bad("bad_frame");
    case "gap": {
      const { from_seq: from, to_seq: to, cause } = fields;
      const isGood = isInt(from, 1, maxSeq) && isInt(to, 1, maxSeq) && Number(from) <= Number(to) && causes.has(cause);
      return isGood
        ? good({ type: "gap", from: Number(from), to: Number(to), cause: String(cause) })
        : bad("bad_frame");
    }
    case "hello":
      return readHello(fields, good, bad);
    case "chunk":
      return readChunk(fields, isJson, good, bad);
    case "live":
      return readLive(fields, isJson, good, bad);
    default:
      return bad("unknown_type");
  }
}

type Good = (message: ReadMessage) => Reading;
type Bad = (...codes: readonly WireErrorCode[]) => Reading;

function readHello(fields: Fields, good: Good, bad: Bad): Reading {
  const { meeting_id: meetingId, track, stream_role: role, client_id: client, subscribe } = fields;
  const isRight =
    isOptional(isText, meetingId) &&
    isOptional(isTrack, track) &&
    isOptional(isTrack, role) &&
    isOptional(isText, client) &&
    isOptional((v) => Array.isArray(v) && v.length <= 4 && v.every((topic) => topics.has(topic)), subscribe);
  const codes = shapeCodes(fields, isRight);
  if (codes.length > 0) return bad(...codes);
  const named = { track: track as string | undefined, role: role as string | undefined };
  return good({ type: "hello", meetingId: meetingId as string | undefined, ...named });
}

function readChunk(fields: Fields, isJson: boolean, good: Good, bad: Bad): Reading {
  const { meeting_id: meetingId, seq, timestamp_ms: at, content, content_b64: base64 } = fields;
  const hasAudio = isJson ? typeof base64 === "string" : content instanceof Uint8Array;
  const isTime = typeof at === "number" && at > 0 && at <= maxTimestamp;
  const codes = shapeCodes(fields, isText(meetingId) && isInt(seq, 1, Number.MAX_SAFE_INTEGER) && isTime && hasAudio);
  if (codes.length > 0) return bad(...codes);
  const audio = isJson ? fromBase64(String(base64)) : (content as Uint8Array);
  if (!audio) return bad("bad_base64");
  if (audio.length !== chunkLength) return bad("bad_chunk_size");
  return good({ type: "chunk", meetingId: String(meetingId), seq: Number(seq), at: Number(at), content: audio });
}

function readLive(fields: Fields, isJson: boolean, good: Good, bad: Bad): Reading {
  const { sample_rate: rate, track, at_ms: at, flush, content, content_b64: base64 } = fields;
  const hasAudio = isJson ? typeof base64 === "string" : content instanceof Uint8Array;
  const isPlaced = isOptional((v) => typeof v === "number" && v >= 0 && v <= maxSeq * 1_000, at);
  const isFlag = isOptional((v) => typeof v === "boolean", flush);
  const isRateRight = rate === 16_000 || rate === 24_000;
  const codes: WireErrorCode[] = isRateRight ? [] : ["bad_audio_format"];
  if (!(hasAudio && isPlaced && isFlag && isOptional(isTrack, track))) codes.push("bad_frame");
  if (codes.length > 0) return bad(...codes);
  const audio = isJson ? fromBase64(String(base64)) : (content as Uint8Array);
  if (!audio) return bad("bad_base64");
  const ms = audio.length / 2 / (Number(rate) / 1_000);
  const isLength = audio.length % 2 === 0 && ms >= 20 && ms <= 250;
  return isLength ? good({ type: "live", track: track as string | undefined }) : bad("bad_frame");
}

function shapeCodes(fields: Fields, isRight: boolean): WireErrorCode[] {
  const { sample_rate: rate, channels, format } = fields;
  const isAudioRight = rate === 16_000 && channels === 1 && format === "pcm_s16le";
  return [...(isAudioRight ? [] : ["bad_audio_format" as const]), ...(isRight ? [] : ["bad_frame" as const])];
}

/** Canonical only: RFC 4648 §4, padded, and nothing in the bits that no byte has. */
function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const binary = atob(text);
  return btoa(binary) === text ? Uint8Array.from(binary, (unit) => unit.charCodeAt(0)) : undefined;
}

function isOptional(isRight: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || isRight(value);
}

/** Characters, as JSON Schema counts them (`maxLength`): one of two UTF-16 units is one. */
function isText(value: unknown): boolean {
  return typeof value === "string" && Array.from(value).length <= maxText;
}

function isTrack(value: unknown): boolean {
  return typeof value === "string" && /^[a-z0-9][a-z0-9_-]{0,31}$/.test(value);
}

function isInt(value: unknown, from: number, to: number): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= from && value <= to;
}

function refused(code: WireErrorCode): Reading {
  return { isMessage: false, codes: [code], seq: undefined };
}
