/**
 * The messages of protocol 1: one union a direction. Unknown fields are ignored, unknown types refused
 * (SPEC W1). On the wire a chunk's audio is `content_b64` in JSON and `content` (bin) in MessagePack;
 * the codec gives both back as bytes.
 */
import * as z from "zod";
import { channelCount, chunkMs, chunkSamples, liveSampleRatesHz, pcmFormat, sampleRateHz } from "./audio.ts";
import { wireErrors, type WireErrorCode } from "./errors.ts";
import { eventSchema } from "../speech/events.ts";
import { limits } from "../limits.ts";
import { sessionIdSchema, trackNameSchema } from "../names.ts";
import { protocolVersion } from "./protocol.ts";

export { jsonSubprotocol, msgpackSubprotocol, pingText, pongText, protocolVersion } from "./protocol.ts";

const shortText = z.string().max(limits.maxShortTextChars);
const seqSchema = z.int().min(1);
const countSchema = z.int().min(0);
/** Highest instant of ECMAScript's Date. */
const timestampMsSchema = z.number().positive().max(8.64e15);
const rangeSchema = z.tuple([seqSchema, seqSchema]);
const sha256HexSchema = z.string().regex(/^[0-9a-f]{64}$/);
const isoTimeSchema = z.iso.datetime();

const audioFormatShape = {
  sample_rate: z.literal(sampleRateHz),
  channels: z.literal(channelCount),
  format: z.literal(pcmFormat),
};

// ---- client → room

/** Topics of events, by the first part of their type. */
export const eventTopicSchema = z.enum(["speakers", "utterances", "status"]);
export type EventTopic = z.infer<typeof eventTopicSchema>;
/** What a subscriber can ask for: events, and the live audio of other connections. */
export const topicSchema = z.enum([...eventTopicSchema.options, "live"]);
export type Topic = z.infer<typeof topicSchema>;

export const helloSchema = z.object({
  type: z.literal("hello"),
  meeting_id: shortText.optional(),
  /** Another name of `track`. */
  stream_role: trackNameSchema.optional(),
  track: trackNameSchema.optional(),
  ...audioFormatShape,
  /** What the client calls itself. */
  client_id: shortText.optional(),
  /** From now on the room also sends the events of these topics, and with `live` other connections' live audio. */
  subscribe: z.array(topicSchema).max(topicSchema.options.length).optional(),
});

const chunkShape = {
  type: z.literal("chunk"),
  /** The session id of the connection's URL. */
  meeting_id: shortText,
  /** The second's place on its track, from 1. */
  seq: seqSchema,
  /** The client's wall clock when the chunk's first sample was taken, ms since 1970. Never used for placement within a track. */
  timestamp_ms: timestampMsSchema,
  ...audioFormatShape,
};
export const jsonChunkSchema = z.object({
  ...chunkShape,
  /** Exactly 32,000 bytes of s16le in standard base64, padded, without white space: 42,668 characters. */
  content_b64: z.string(),
});
export const msgpackChunkSchema = z.object({ ...chunkShape, content: z.instanceof(Uint8Array) });

const liveShape = {
  type: z.literal("live"),
  sample_rate: z.literal([...liveSampleRatesHz]),
  /** Place of the first sample on the track's timeline, in ms. Where it stands, captions are placed by it. */
  at_ms: z
    .number()
    .min(0)
    .max(limits.maxSeq * chunkMs)
    .optional(),
  /** Players drop what they have queued of the track, and begin with this. */
  flush: z.boolean().optional(),
};
const ownTrackShape = {
  /** The track that the connection streams, which need not be said. */
  track: trackNameSchema.optional(),
};
export const jsonLiveSchema = z.object({
  ...liveShape,
  ...ownTrackShape,
  /** 20 to 250 ms of s16le, mono, at `sample_rate`, in standard base64, padded, without white space. */
  content_b64: z.string(),
});
export const msgpackLiveSchema = z.object({ ...liveShape, ...ownTrackShape, content: z.instanceof(Uint8Array) });

export const statusRequestSchema = z.object({ type: z.literal("status") });
export const pingSchema = z.object({ type: z.literal("ping") });
export const endSchema = z.object({
  type: z.literal("end"),
  /** Nothing follows this chunk on the track; 0 ends a track that never had one. */
  last_seq: countSchema.max(limits.maxSeq),
  /** Samples of silence with which the client filled up chunk `last_seq`. */
  padding_samples: countSchema.max(chunkSamples - 1).optional(),
});
/** Why a client will never send some seconds. */
export const declaredGapCauseSchema = z.enum(["capture_stall", "client_gave_up"]);
export const declareGapSchema = z
  .object({
    type: z.literal("gap"),
    from_seq: seqSchema.max(limits.maxSeq),
    to_seq: seqSchema.max(limits.maxSeq),
    cause: declaredGapCauseSchema,
  })
  .refine(({ from_seq, to_seq }) => from_seq <= to_seq, { message: "must not be below from_seq", path: ["to_seq"] });
/** Tells the room that the client has read the message with this `mark`, and all before it. It has no answer. */
export const seenSchema = z.object({ type: z.literal("seen"), mark: shortText });
export const closeSchema = z.object({ type: z.literal("close"), reason: shortText.optional() });

/** Every message but `chunk` and `live`, which the codec turns into bytes first. */
export const controlSchemas = {
  hello: helloSchema,
  status: statusRequestSchema,
  ping: pingSchema,
  end: endSchema,
  gap: declareGapSchema,
  seen: seenSchema,
  close: closeSchema,
} as const;

/** A decoded chunk: what the frame claimed, and its audio as bytes (32,000 of them). */
export type ChunkMessage = Omit<z.infer<typeof jsonChunkSchema>, "content_b64"> & { readonly content: Uint8Array };
export type ControlMessage = {
  [K in keyof typeof controlSchemas]: z.infer<(typeof controlSchemas)[K]>;
}[keyof typeof controlSchemas];
export type GapMessage = z.infer<typeof declareGapSchema>;
/** Decoded live audio, as `ChunkMessage`. */
export type LiveFrame = Omit<z.infer<typeof jsonLiveSchema>, "content_b64"> & { readonly content: Uint8Array };
export type ClientMessage = ControlMessage | ChunkMessage | LiveFrame;

// ---- room → client

/** Where a track begins by the wall clock; null before its first chunk. Rooms of before December 2026 have neither field. */
export const trackOriginSchema = z.object({
  /** Wall clock of the track's first sample, ms since 1970. What is shown of several tracks together is placed by it. */
  origin_ms: z.int().nullable(),
  /** Whose word it is: the client's clock; the room's, where that was too far off; a person's. */
  origin_source: z.enum(["client", "room", "set"]).nullable(),
});
export type TrackOrigin = z.infer<typeof trackOriginSchema>;

/** Where a track stands. Its seqs are watermarks, 0 before the first. */
export const trackStatusSchema = z.object({
  session_id: sessionIdSchema,
  meeting_id: sessionIdSchema,
  track: trackNameSchema,
  /** The highest chunk that is kept. */
  last_seq: countSchema,
  /** All chunks up to here are kept. */
  contiguous_seq: countSchema,
  /** All kept chunks up to here are in R2. */
  archived_seq: countSchema,
  /** Speaker resolve is done with all chunks up to here. */
  resolved_seq: countSchema,
  /** Windows that speaker resolve gave up on; each has its `resolve.failed` event. */
  failed_windows: countSchema,
  /** Chunks that are kept. */
  received_chunks: countSchema,
  /** Chunks that came again, with the same bytes. */
  duplicate_chunks: countSchema,
  /** Seconds not kept, up to the highest chunk that is kept or that `end` announced. */
  missing_chunks: countSchema,
  /** Frames that were refused. */
  rejected_chunks: countSchema,
  bytes_stored: countSchema,
  /** The first ranges of what is missing, both ends included; `missing_chunks` is the true count. */
  missing: z.array(rangeSchema).max(limits.maxMissingRanges),
  started_at: isoTimeSchema.nullable(),
  updated_at: isoTimeSchema.nullable(),
  ...trackOriginSchema.partial().shape,
});
export type TrackStatus = z.infer<typeof trackStatusSchema>;

/** Any message but `closing` may bear one. */
const markShape = {
  /** To be sent back in `seen` once this message was read. What is sent beyond marks that are not told is bounded (SPEC W14). */
  mark: shortText.optional(),
};

export const readySchema = z.object({
  type: z.literal("ready"),
  ...markShape,
  protocol: z.literal(protocolVersion),
  session_id: sessionIdSchema,
  target_sample_rate: z.literal(sampleRateHz),
  target_channels: z.literal(channelCount),
  target_format: z.literal(pcmFormat),
  ingest: trackStatusSchema,
  /** What to send: the `missing` ranges, and everything from `next_seq`. */
  resume: z.object({ next_seq: seqSchema, missing: z.array(rangeSchema) }),
  /** `max_realtime_factor` null: the rate is not capped. */
  limits: z.object({ max_in_flight: z.int().min(1), max_realtime_factor: z.number().positive().nullable() }),
  /** Whether somebody else listens: live audio is of use. Rooms of before December 2026 don't say. */
  live: z.boolean().optional(),
});

export const ackSchema = z.object({
  type: z.literal("ack"),
  ...markShape,
  seq: seqSchema,
  /** `duplicate`: these bytes were kept already. */
  status: z.enum(["stored", "duplicate"]),
  /** Where the chunk will lie in R2. */
  key: z.string(),
  /** Of the chunk's bytes, in hex. */
  sha256: sha256HexSchema,
  last_seq: countSchema,
  contiguous_seq: countSchema,
  missing_count: countSchema,
  duplicate_count: countSchema,
  /** What is odd about a chunk that is kept all the same, for whoever wrote the client (SPEC W18). */
  warning: z.object({ code: z.enum(["doubtful_timestamp"]), detail: z.string() }).optional(),
});

export const statusSchema = trackStatusSchema.extend({ type: z.literal("status"), ...markShape });

export const endedSchema = z.object({
  type: z.literal("ended"),
  ...markShape,
  last_seq: countSchema,
  /** Whether every second up to `last_seq` is kept. */
  complete: z.boolean(),
  missing: z.array(rangeSchema).max(limits.maxMissingRanges),
});

const wireErrorCodes = Object.keys(wireErrors) as [WireErrorCode, ...WireErrorCode[]];
export const errorSchema = z.object({
  type: z.literal("error"),
  ...markShape,
  code: z.enum(wireErrorCodes),
  /** A sentence a person can act on. */
  detail: z.string(),
  /** Of the frame that was refused, where it had a readable one. */
  seq: z.int().optional(),
  /** Whether the same frame may succeed later, unchanged. */
  retryable: z.boolean(),
  retry_after_ms: countSchema.optional(),
});

/** `ts` (ms since 1970) is absent where the platform answered the exact ping text by itself. */
export const pongSchema = z.object({ type: z.literal("pong"), ts: z.int().optional(), ...markShape });
export const closingSchema = z.object({ type: z.literal("closing"), reason: z.string() });

/** Whether somebody else listens, from now on: `live` is of use, or no more. Sent to connections that said `hello`. */
export const listenersSchema = z.object({ type: z.literal("listeners"), ...markShape, live: z.boolean() });

const relayedShape = { ...liveShape, ...markShape, track: trackNameSchema };
/** Live audio of another connection, for those who listen. */
export const liveSchema = z.object({
  ...relayedShape,
  /** s16le, mono, at `sample_rate`, in base64. */
  content_b64: z.string(),
});
/** In either encoding; which of the two it is depends on that. */
const anyLiveSchema = z.object({
  ...relayedShape,
  content_b64: z.string().optional(),
  content: z.instanceof(Uint8Array<ArrayBuffer>).optional(),
});

/** A row of the event log, for those who watch or subscribed. */
export const eventMessageSchema = z.object({ type: z.literal("event"), event: eventSchema, ...markShape });

export const roomMessageSchema = z.discriminatedUnion("type", [
  readySchema,
  ackSchema,
  statusSchema,
  endedSchema,
  errorSchema,
  pongSchema,
  closingSchema,
  eventMessageSchema,
  listenersSchema,
  anyLiveSchema,
]);
export type RoomMessage = z.infer<typeof roomMessageSchema>;
export type AckMessage = z.infer<typeof ackSchema>;
export type ErrorMessage = z.infer<typeof errorSchema>;
/** Live audio on its way to those who listen; the codec writes it as their encoding has it. */
export type LiveMessage = Omit<LiveFrame, "track"> & { readonly track: string; readonly mark?: string };
