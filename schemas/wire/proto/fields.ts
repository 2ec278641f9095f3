/**
 * The protocol as Protocol Buffers: each message's fields, their numbers and kinds. `interview.proto` is written from it. A number is for ever:
 * what is added takes the next one. Enumerations are strings, as in the other encodings; what is null there is left out here.
 */
export type ScalarKind = "string" | "bytes" | "bool" | "uint32" | "uint64" | "int64" | "double";

export interface ProtoField {
  readonly n: number;
  readonly kind: ScalarKind | MessageName;
  /** May be left out, which is told from its zero. */
  readonly isOptional?: true;
  readonly isRepeated?: true;
  readonly about?: string;
}

export type MessageName =
  | "Hello"
  | "Chunk"
  | "Live"
  | "StatusRequest"
  | "Ping"
  | "EndRequest"
  | "Gap"
  | "Seen"
  | "Close"
  | "Range"
  | "Status"
  | "Resume"
  | "Limits"
  | "Ready"
  | "Ack"
  | "Warning"
  | "Ended"
  | "Error"
  | "Pong"
  | "Closing"
  | "Event"
  | "Listeners";

export type ProtoFields = Readonly<Record<string, ProtoField>>;

const may = { isOptional: true } as const;
const all = { isRepeated: true } as const;
const audioFields = {
  sample_rate: { n: 1, kind: "uint32", about: "16000" },
  channels: { n: 2, kind: "uint32", about: "1" },
  format: { n: 3, kind: "string", about: '"pcm_s16le"' },
} as const;
const mark = { n: 15, kind: "string", ...may, about: "To be sent back in Seen." } as const;

export const protoMessages: Readonly<Record<MessageName, ProtoFields>> = {
  Hello: {
    ...audioFields,
    meeting_id: { n: 4, kind: "string", ...may },
    track: { n: 5, kind: "string", ...may },
    stream_role: { n: 6, kind: "string", ...may },
    client_id: { n: 7, kind: "string", ...may },
    subscribe: { n: 8, kind: "string", ...all, about: "speakers, utterances, status, live" },
  },
  Chunk: {
    ...audioFields,
    meeting_id: { n: 4, kind: "string", about: "The session id of the connection's URL." },
    seq: { n: 5, kind: "uint32", about: "From 1." },
    timestamp_ms: { n: 6, kind: "double", about: "Since 1970." },
    content: { n: 7, kind: "bytes", about: "32,000 bytes of s16le." },
  },
  Live: {
    sample_rate: { n: 1, kind: "uint32", about: "16000 or 24000" },
    track: { n: 2, kind: "string", ...may },
    at_ms: { n: 3, kind: "double", ...may },
    flush: { n: 4, kind: "bool", ...may, about: "Players drop what they have queued of the track." },
    content: { n: 5, kind: "bytes", about: "20 to 250 ms of s16le." },
    mark,
  },
  StatusRequest: {},
  Ping: {},
  EndRequest: {
    last_seq: { n: 1, kind: "uint32", about: "Nothing follows it; 0 ends a track that never had one." },
    padding_samples: { n: 2, kind: "uint32", ...may },
  },
  Gap: {
    from_seq: { n: 1, kind: "uint32" },
    to_seq: { n: 2, kind: "uint32" },
    cause: { n: 3, kind: "string", about: "capture_stall, client_gave_up" },
  },
  Seen: { mark: { n: 1, kind: "string" } },
  Close: { reason: { n: 1, kind: "string", ...may } },
  Range: { from: { n: 1, kind: "uint32" }, to: { n: 2, kind: "uint32", about: "Included." } },
  Status: {
    session_id: { n: 1, kind: "string" },
    meeting_id: { n: 2, kind: "string" },
    track: { n: 3, kind: "string" },
    last_seq: { n: 4, kind: "uint32" },
    contiguous_seq: { n: 5, kind: "uint32" },
    archived_seq: { n: 6, kind: "uint32" },
    resolved_seq: { n: 7, kind: "uint32" },
    failed_windows: { n: 8, kind: "uint32" },
    received_chunks: { n: 9, kind: "uint32" },
    duplicate_chunks: { n: 10, kind: "uint32" },
    missing_chunks: { n: 11, kind: "uint32" },
    rejected_chunks: { n: 12, kind: "uint32" },
    bytes_stored: { n: 13, kind: "uint64" },
    missing: { n: 14, kind: "Range", ...all },
    mark,
    started_at: { n: 16, kind: "string", ...may },
    updated_at: { n: 17, kind: "string", ...may },
    origin_ms: { n: 18, kind: "int64", ...may },
    origin_source: { n: 19, kind: "string", ...may },
  },
  Resume: { next_seq: { n: 1, kind: "uint32" }, missing: { n: 2, kind: "Range", ...all } },
  Limits: {
    max_in_flight: { n: 1, kind: "uint32" },
    max_realtime_factor: { n: 2, kind: "double", ...may, about: "Left out: the rate is not capped." },
  },
  Ready: {
    protocol: { n: 1, kind: "uint32" },
    session_id: { n: 2, kind: "string" },
    target_sample_rate: { n: 3, kind: "uint32" },
    target_channels: { n: 4, kind: "uint32" },
    target_format: { n: 5, kind: "string" },
    ingest: { n: 6, kind: "Status", ...may },
    resume: { n: 7, kind: "Resume", ...may },
    limits: { n: 8, kind: "Limits", ...may },
    live: { n: 9, kind: "bool", ...may },
    mark,
  },
  Ack: {
    seq: { n: 1, kind: "uint32" },
    status: { n: 2, kind: "string", about: "stored, duplicate" },
    key: { n: 3, kind: "string" },
    sha256: { n: 4, kind: "string" },
    last_seq: { n: 5, kind: "uint32" },
    contiguous_seq: { n: 6, kind: "uint32" },
    missing_count: { n: 7, kind: "uint32" },
    duplicate_count: { n: 8, kind: "uint32" },
    warning: { n: 9, kind: "Warning", ...may, about: "The chunk is kept, and something about it can't be right." },
    mark,
  },
  Warning: { code: { n: 1, kind: "string", about: "doubtful_timestamp" }, detail: { n: 2, kind: "string" } },
  Ended: {
    last_seq: { n: 1, kind: "uint32" },
    complete: { n: 2, kind: "bool" },
    missing: { n: 3, kind: "Range", ...all },
    mark,
  },
  Error: {
    code: { n: 1, kind: "string" },
    detail: { n: 2, kind: "string" },
    seq: { n: 3, kind: "int64", ...may },
    retryable: { n: 4, kind: "bool" },
    retry_after_ms: { n: 5, kind: "uint64", ...may },
    mark,
  },
  Pong: { ts: { n: 1, kind: "uint64", ...may }, mark },
  Closing: { reason: { n: 1, kind: "string" } },
  Event: { json: { n: 1, kind: "string", about: "The event as docs/events.md has it." }, mark },
  Listeners: { live: { n: 1, kind: "bool" }, mark },
};

/** By the `type` of the other encodings: the field of the one that a frame is. */
export const clientTypes = {
  hello: { n: 1, kind: "Hello" },
  chunk: { n: 2, kind: "Chunk" },
  live: { n: 3, kind: "Live" },
  status: { n: 4, kind: "StatusRequest" },
  ping: { n: 5, kind: "Ping" },
  end: { n: 6, kind: "EndRequest" },
  gap: { n: 7, kind: "Gap" },
  seen: { n: 8, kind: "Seen" },
  close: { n: 9, kind: "Close" },
} as const;

export const roomTypes = {
  ready: { n: 1, kind: "Ready" },
  ack: { n: 2, kind: "Ack" },
  status: { n: 3, kind: "Status" },
  ended: { n: 4, kind: "Ended" },
  error: { n: 5, kind: "Error" },
  pong: { n: 6, kind: "Pong" },
  closing: { n: 7, kind: "Closing" },
  event: { n: 8, kind: "Event" },
  listeners: { n: 9, kind: "Listeners" },
  live: { n: 10, kind: "Live" },
} as const;
