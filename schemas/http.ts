/** Bodies of the HTTP routes. */
import * as z from "zod";
import { eventSchema } from "./events.ts";
import { trackStatusSchema } from "./messages.ts";
import { limits } from "./limits.ts";
import { sessionIdSchema, tenantSchema, trackNameSchema } from "./names.ts";
import { speakerStateSchema } from "./speakers.ts";

export const sessionStatusSchema = z.enum(["open", "finalizing", "finalized"]);
export type SessionStatus = z.infer<typeof sessionStatusSchema>;

export const healthSchema = z.object({
  status: z.literal("ok"),
  app: z.literal("roomtone"),
  version: z.string(),
  /** Binding names; `inference` says whether a speaker-resolve service is set. */
  durable_object: z.string(),
  r2_bucket: z.string(),
  inference: z.enum(["service", "none"]),
});

/** `GET /v1/sessions/:id/state`. `ingest` is the `mixed` track's status, else the first track's; all zero where there is none. */
export const sessionStateSchema = z.object({
  session_id: sessionIdSchema,
  status: sessionStatusSchema,
  state: speakerStateSchema,
  event_count: z.int().min(0),
  updated_at: z.iso.datetime(),
  ingest: trackStatusSchema,
  ingest_by_track: z.record(trackNameSchema, trackStatusSchema),
});
export type SessionState = z.infer<typeof sessionStateSchema>;

export const metadataSchema = z.record(z.string(), z.unknown());

/** Body of `POST /v1/sessions/:id/finalize`. `expect` names each track's last chunk, so that a missing tail counts as missing. */
export const finalizeBodySchema = z.object({
  metadata: metadataSchema.optional(),
  expect: z.record(trackNameSchema, z.int().min(0).max(limits.maxSeq)).optional(),
});
export type FinalizeBody = z.infer<typeof finalizeBodySchema>;

/** Share of the expected seconds that was kept, 0–1; 1 where none was expected. */
export const coverageSchema = z.number().min(0).max(1);

export const finalizeAnswerSchema = z.object({
  session_id: sessionIdSchema,
  result_key: z.string(),
  event_count: z.int().min(0),
  finalized_at: z.iso.datetime(),
  coverage: coverageSchema,
});
export type FinalizeAnswer = z.infer<typeof finalizeAnswerSchema>;

/** 202: finalize goes on by itself; `result` answers 409 until it is done. */
export const finalizePendingSchema = z.object({
  session_id: sessionIdSchema,
  status: z.literal("finalizing"),
  pending_chunks: z.int().min(0),
});
export type FinalizePending = z.infer<typeof finalizePendingSchema>;

/** One track's audio as it lies in R2. */
export const resultAudioSchema = z.object({
  track: trackNameSchema,
  /** Chunks are `<key_prefix><seq, 8 digits>.pcm`. */
  key_prefix: z.string(),
  chunks: z.int().min(0),
  bytes: z.int().min(0),
  /** Length of the timeline, gaps included. */
  duration_ms: z.int().min(0),
  /** Samples of silence that fill up the last second, as the client declared with `end`. */
  padding_samples: z.int().min(0),
  /** Head of the track's hash chain (SPEC H1). */
  chain_head: z.string().regex(/^[0-9a-f]{64}$/),
});

export const gapSchema = z.object({ track: trackNameSchema, from_seq: z.int().min(1), to_seq: z.int().min(1) });

/** `sessions/<id>/result.json`. */
export const sessionResultSchema = z.object({
  schema_version: z.literal(1),
  tenant: tenantSchema,
  session_id: sessionIdSchema,
  finalized_at: z.iso.datetime(),
  state: speakerStateSchema,
  events: z.array(eventSchema),
  ingest: trackStatusSchema,
  ingest_by_track: z.record(trackNameSchema, trackStatusSchema),
  metadata: metadataSchema,
  gaps: z.array(gapSchema),
  coverage: coverageSchema,
  audio: z.array(resultAudioSchema),
});
export type SessionResult = z.infer<typeof sessionResultSchema>;
