/** Examples of every message, in JSON: the connection that streams the example meeting. */
import type * as z from "zod";
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import { wireErrors, type WireErrorCode } from "../../../schemas/wire/errors.ts";
import type { controlSchemas, ErrorMessage, jsonChunkSchema, RoomMessage } from "../../../schemas/wire/messages.ts";
import type { Example } from "./example-types.ts";
import * as meeting from "./meeting.ts";

const { session: session_id } = meeting.exampleIds;
const format = { sample_rate: 16_000, channels: 1, format: "pcm_s16le" } as const;

type Control = { readonly [K in keyof typeof controlSchemas]: readonly Example<z.input<(typeof controlSchemas)[K]>>[] };
type Room = {
  readonly [K in Exclude<RoomMessage["type"], "error">]: readonly Example<Extract<RoomMessage, { type: K }>>[];
};

/** A chunk's audio is cut short: a whole one would fill pages. */
export const chunkExamples: readonly Example<z.input<typeof jsonChunkSchema>>[] = [
  {
    summary: `The first second. content_b64 is cut short here: it has ${Math.ceil(chunkBytes / 3) * 4} characters`,
    value: {
      type: "chunk",
      meeting_id: session_id,
      seq: 1,
      timestamp_ms: meeting.timestampMs(0),
      ...format,
      content_b64: "AAAIAA8AFwAfACYALQA0ADsAQgBJAFAAVgBdAGMA",
    },
  },
];

export const controlExamples: Control = {
  hello: [
    { summary: "The least that a hello says", value: { type: "hello", ...format } },
    {
      summary: "With a track and a client's name, and events wanted",
      value: {
        type: "hello",
        meeting_id: session_id,
        track: "mixed",
        ...format,
        client_id: "recorder-3",
        subscribe: ["speakers", "status"],
      },
    },
  ],
  status: [{ summary: "Where does the track stand?", value: { type: "status" } }],
  ping: [{ summary: "In exactly this spelling the platform answers by itself", value: { type: "ping" } }],
  end: [
    {
      summary: "Twelve seconds; a quarter of the last one is padding",
      value: { type: "end", last_seq: 12, padding_samples: 4_000 },
    },
  ],
  gap: [
    {
      summary: "The device gave nothing for the seventh second",
      value: { type: "gap", from_seq: 7, to_seq: 7, cause: "capture_stall" },
    },
  ],
  close: [{ summary: "The meeting is over", value: { type: "close", reason: "done" } }],
};

export const roomExamples: Room = {
  ready: [
    {
      summary: "A new track",
      value: {
        type: "ready",
        protocol: 1,
        session_id,
        target_sample_rate: 16_000,
        target_channels: 1,
        target_format: "pcm_s16le",
        ingest: meeting.statusAtFirst,
        resume: { next_seq: 1, missing: [] },
        limits: { max_in_flight: 32, max_realtime_factor: 16 },
      },
    },
    {
      summary: "After a reconnect: send second 7, and go on with 9",
      value: {
        type: "ready",
        protocol: 1,
        session_id,
        target_sample_rate: 16_000,
        target_channels: 1,
        target_format: "pcm_s16le",
        ingest: meeting.statusMidway,
        resume: { next_seq: 9, missing: [[7, 7]] },
        limits: { max_in_flight: 32, max_realtime_factor: null },
      },
    },
  ],
  ack: [
    {
      summary: "The first second is kept",
      value: {
        type: "ack",
        seq: 1,
        status: "stored",
        key: meeting.chunkKey(1),
        sha256: meeting.exampleHash("chunk 1"),
        last_seq: 1,
        contiguous_seq: 1,
        missing_count: 0,
        duplicate_count: 0,
      },
    },
    {
      summary: "It came twice",
      value: {
        type: "ack",
        seq: 1,
        status: "duplicate",
        key: meeting.chunkKey(1),
        sha256: meeting.exampleHash("chunk 1"),
        last_seq: 8,
        contiguous_seq: 6,
        missing_count: 1,
        duplicate_count: 1,
      },
    },
  ],
  status: [
    { summary: "Eight seconds, of which the seventh is missing", value: { type: "status", ...meeting.statusMidway } },
  ],
  ended: [
    {
      summary: "One second is missing still",
      value: { type: "ended", last_seq: 12, complete: false, missing: [[7, 7]] },
    },
    { summary: "All is kept", value: { type: "ended", last_seq: 12, complete: true, missing: [] } },
  ],
  pong: [
    { summary: "From the platform", value: { type: "pong" } },
    { summary: "From the room", value: { type: "pong", ts: meeting.timestampMs(8) } },
  ],
  closing: [
    { summary: "A newer connection streams the track", value: { type: "closing", reason: "superseded" } },
    { summary: "To a watcher, after the last event", value: { type: "closing", reason: "session_finalized" } },
    { summary: "As the client asked", value: { type: "closing", reason: "done" } },
  ],
  event: [
    { summary: "A turn", value: { type: "event", event: meeting.event(4) } },
    { summary: "A person gave a name", value: { type: "event", event: meeting.event(8) } },
  ],
};

interface ErrorExample {
  readonly detail: string;
  readonly seq?: number;
  readonly retry_after_ms?: number;
}

const errorDetails: Readonly<Record<WireErrorCode, ErrorExample>> = {
  bad_json: { detail: "The text frame is not JSON. Send one JSON object a frame." },
  bad_msgpack: { detail: "The binary frame is not exactly one MessagePack map within the limits." },
  unknown_type: { detail: "type must be one of chunk, hello, status, ping, end, gap, close." },
  bad_frame: { detail: "seq: Too small: expected number to be >=1." },
  bad_audio_format: { detail: 'Send sample_rate 16000, channels 1, format "pcm_s16le".', seq: 2 },
  bad_chunk_size: { detail: "A chunk holds 32000 bytes, this one 31998.", seq: 2 },
  bad_base64: { detail: "content_b64 must be standard base64 (+ and /), padded, without white space.", seq: 2 },
  meeting_mismatch: { detail: "meeting_id must be the session id this connection was opened for.", seq: 2 },
  seq_out_of_range: {
    detail: "seq is at most 86400 beyond the track's last chunk, and at most 99999999.",
    seq: 900_000,
  },
  seq_conflict: {
    detail: "Other bytes are already kept under this seq, and they stay. Number new audio onward.",
    seq: 8,
  },
  rate_limited: {
    detail: "Too much audio of this session waits for storage. Send this chunk again later.",
    seq: 12,
    retry_after_ms: 10_000,
  },
  message_too_large: { detail: "A frame is at most 65536 bytes, this one 70000." },
  too_many_errors: { detail: "32 bad frames in a row; the connection is closed." },
  unauthorized: { detail: "Send an API key or a session token: Authorization: Bearer …" },
  token_expired: { detail: "The session token has expired. Connect with a new one; what was acked is kept." },
  forbidden: { detail: "The token is for these tracks alone: mic." },
  session_finalized: { detail: "The session is finalizing or finalized; nothing more is kept." },
  session_not_found: { detail: "No session with this id was ever opened." },
  replay_too_long: { detail: "after lies more than 5000 events back; read GET …/events up to now first." },
  superseded: { detail: "A newer connection streams this track." },
  idle: { detail: "Nothing was heard for 10000 events. Send a ping now and then, and connect again." },
  internal: { detail: "The room failed on this frame; nothing of it was kept. Connect again and resend." },
  going_away: { detail: "The room restarts. Connect again and go on." },
};

export const errorExamples: readonly Example<ErrorMessage>[] = Object.entries(errorDetails).map(([name, example]) => {
  const code = name as WireErrorCode;
  return { summary: code, value: { type: "error", code, ...example, retryable: wireErrors[code].retryable } };
});
