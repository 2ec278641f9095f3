/**
 * The golden frames, before they are encoded: every message of the protocol in both directions, what encoders of
 * other languages do differently, and one frame for each way to be refused by the codec.
 */
import { chunkBytes } from "../../schemas/wire/audio.ts";
import type { Encoding } from "../../schemas/wire/codec.ts";
import type { WireErrorCode } from "../../schemas/wire/errors.ts";
import type { RoomMessage, TrackStatus } from "../../schemas/wire/messages.ts";

/** `byte[i] = (multiplier * i + offset) mod 256`, for i from 0. */
export const goldenAudio = {
  ramp: { bytes: chunkBytes, multiplier: 7, offset: 1 },
  other: { bytes: chunkBytes, multiplier: 11, offset: 5 },
  silence: { bytes: chunkBytes, multiplier: 0, offset: 0 },
  live: { bytes: 3_200, multiplier: 3, offset: 2 },
  blip: { bytes: 320, multiplier: 3, offset: 2 },
  short: { bytes: chunkBytes - 2, multiplier: 7, offset: 1 },
} as const;
export type GoldenAudio = keyof typeof goldenAudio;

export function goldenPcm(name: GoldenAudio): Uint8Array<ArrayBuffer> {
  const { bytes, multiplier, offset } = goldenAudio[name];
  return Uint8Array.from({ length: bytes }, (_, i) => multiplier * i + offset);
}

export const goldenSession = "golden-1";

export interface GoldenClientFrame {
  readonly name: string;
  readonly note: string;
  /** In both encodings, with `audio` as `content_b64` or `content`. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly audio?: GoldenAudio;
  /** Where the bytes themselves are the point. Text is JSON. */
  readonly raw?: string | Uint8Array;
  /** Only in this encoding. */
  readonly encoding?: Encoding;
  /** Refused with it; else decoded. */
  readonly error?: WireErrorCode;
}

const format = { sample_rate: 16_000, channels: 1, format: "pcm_s16le" } as const;
const startMs = 1_760_000_000_000;
const chunk = (seq: number): Record<string, unknown> => ({
  type: "chunk",
  meeting_id: goldenSession,
  seq,
  timestamp_ms: startMs + (seq - 1) * 1_000,
  ...format,
});
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const { channels: _left, ...noChannels } = chunk(1);

/** In an order in which one connection can send them. */
export const goldenClientFrames: readonly GoldenClientFrame[] = [
  { name: "hello", note: "The least that a hello says.", fields: { type: "hello", ...format } },
  {
    name: "hello_full",
    note: "Everything that a hello can say.",
    fields: {
      type: "hello",
      meeting_id: goldenSession,
      track: "mic",
      ...format,
      client_id: "golden",
      subscribe: ["speakers", "utterances", "status", "live"],
    },
  },
  { name: "chunk", note: "The first second.", fields: chunk(1), audio: "ramp" },
  {
    name: "chunk_fraction",
    note: "A fraction of a millisecond.",
    fields: { ...chunk(2), timestamp_ms: startMs + 0.5 },
    audio: "other",
  },
  { name: "chunk_later", note: "A gap before it; seq needs two bytes.", fields: chunk(300), audio: "silence" },
  {
    name: "chunk_unknown_field",
    note: "Unknown fields are ignored (W1).",
    fields: { x_level: { db: -3 }, ...chunk(4) },
    audio: "ramp",
  },
  { name: "status", note: "", fields: { type: "status" } },
  {
    name: "status_wide",
    note: "Longer forms than needed, as some encoders write them: map 16, str 8, str 16.",
    raw: bytesOf("de0001 d904 74797065 da0006 737461747573"),
    encoding: "msgpack",
  },
  {
    name: "status_spaced",
    note: "White space around and inside.",
    raw: ' {\n "type" : "status" }\n',
    encoding: "json",
  },
  { name: "status_escaped", note: "An escape that says the same.", raw: '{"type":"st\\u0061tus"}', encoding: "json" },
  { name: "ping", note: "In JSON the exact text that the platform answers by itself (W8).", fields: { type: "ping" } },
  {
    name: "seen",
    note: "All up to the message with this mark was read (W14).",
    fields: { type: "seen", mark: "5f0c9a17" },
  },
  {
    name: "live",
    note: "A tenth of a second for those who listen, which is not kept.",
    fields: { type: "live", sample_rate: 16_000, at_ms: 1_200 },
    audio: "live",
  },
  {
    name: "live_full",
    note: "At the other rate, after which players drop what they have queued.",
    fields: { type: "live", sample_rate: 24_000, flush: true },
    audio: "live",
  },
  { name: "not_json", note: "", raw: '{"type":"status"', encoding: "json", error: "bad_json" },
  {
    name: "not_msgpack",
    note: "The byte that no format has.",
    raw: bytesOf("c1"),
    encoding: "msgpack",
    error: "bad_msgpack",
  },
  {
    name: "two_values",
    note: "A whole frame, and one byte more.",
    raw: bytesOf("81 a4 74797065 a6 737461747573 c0"),
    encoding: "msgpack",
    error: "bad_msgpack",
  },
  { name: "unknown_type", note: "", fields: { type: "subscribe" }, error: "unknown_type" },
  { name: "no_last_seq", note: "", fields: { type: "end" }, error: "bad_frame" },
  { name: "seq_zero", note: "Seconds are counted from 1.", fields: chunk(0), audio: "ramp", error: "bad_frame" },
  { name: "stereo", note: "", fields: { ...chunk(1), channels: 2 }, audio: "ramp", error: "bad_audio_format" },
  { name: "no_channels", note: "", fields: noChannels, audio: "ramp", error: "bad_audio_format" },
  { name: "short_chunk", note: "One sample too few.", fields: chunk(1), audio: "short", error: "bad_chunk_size" },
  {
    name: "base64url",
    note: "`-` and `_` are of another alphabet.",
    fields: { ...chunk(1), content_b64: "-_-_" },
    encoding: "json",
    error: "bad_base64",
  },
  {
    name: "live_short",
    note: "Ten milliseconds: live audio is 20 to 250.",
    fields: { type: "live", sample_rate: 16_000 },
    audio: "blip",
    error: "bad_frame",
  },
  {
    name: "live_rate",
    note: "",
    fields: { type: "live", sample_rate: 48_000 },
    audio: "live",
    error: "bad_audio_format",
  },
  { name: "end", note: "", fields: { type: "end", last_seq: 300 } },
  {
    name: "end_padded",
    note: "A quarter of the last second is padding.",
    fields: { type: "end", last_seq: 300, padding_samples: 4_000 },
  },
  {
    name: "gap",
    note: "The device gave nothing for three seconds.",
    fields: { type: "gap", from_seq: 5, to_seq: 7, cause: "capture_stall" },
  },
  { name: "close", note: "", fields: { type: "close" } },
  { name: "close_reason", note: "", fields: { type: "close", reason: "done" } },
];

const track: TrackStatus = {
  session_id: goldenSession,
  meeting_id: goldenSession,
  track: "mixed",
  last_seq: 300,
  contiguous_seq: 2,
  archived_seq: 1,
  resolved_seq: 0,
  failed_windows: 0,
  received_chunks: 4,
  duplicate_chunks: 1,
  missing_chunks: 296,
  rejected_chunks: 0,
  bytes_stored: 128_000,
  missing: [
    [3, 3],
    [5, 299],
  ],
  started_at: "2025-10-09T08:53:20.000Z",
  updated_at: "2025-10-09T08:58:20.000Z",
};

/** One of each type; errors with and without what they may lack. */
export const goldenRoomMessages: Readonly<Record<string, RoomMessage>> = {
  ready: {
    type: "ready",
    protocol: 1,
    session_id: goldenSession,
    target_sample_rate: 16_000,
    target_channels: 1,
    target_format: "pcm_s16le",
    ingest: track,
    resume: { next_seq: 301, missing: track.missing },
    limits: { max_in_flight: 32, max_realtime_factor: null },
    live: false,
  },
  listeners: { type: "listeners", live: true },
  live: { type: "live", track: "mic", sample_rate: 16_000, at_ms: 1_200, content: goldenPcm("live") },
  ack: {
    type: "ack",
    seq: 1,
    status: "stored",
    key: `sessions/${goldenSession}/chunks/00000001.pcm`,
    sha256: "", // Filled in where it is encoded: it is that of the audio `ramp`.
    last_seq: 1,
    contiguous_seq: 1,
    missing_count: 0,
    duplicate_count: 0,
  },
  status: { type: "status", ...track },
  ended: { type: "ended", last_seq: 300, complete: false, missing: track.missing },
  error: { type: "error", code: "bad_json", detail: "The text frame is not JSON.", retryable: false },
  error_retryable: {
    type: "error",
    code: "rate_limited",
    detail: "Too fast. Send this second again later.",
    seq: 301,
    retryable: true,
    retry_after_ms: 1_500,
  },
  pong: { type: "pong", ts: 1_760_000_000_000 },
  closing: { type: "closing", reason: "superseded" },
  ack_marked: {
    type: "ack",
    seq: 4,
    status: "duplicate",
    key: `sessions/${goldenSession}/chunks/00000004.pcm`,
    sha256: "",
    last_seq: 300,
    contiguous_seq: 2,
    missing_count: 296,
    duplicate_count: 1,
    mark: "5f0c9a17",
  },
  event: {
    type: "event",
    event: {
      event_id: 7,
      at: "2025-10-09T08:53:25.000Z",
      type: "speaker.resolved",
      track: "mixed",
      from_seq: 1,
      to_seq: 4,
      start_ms: 200,
      end_ms: 3_900,
      cluster_id: "c1",
      speaker_name: null,
      decision: "confirm",
      evidence: { sv_score: 0.5, threshold_low: 0.375, threshold_high: 0.625, segment_count: 1 },
      by: "inference",
    },
  },
};
