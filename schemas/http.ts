/** Bodies of the HTTP routes. */
import * as z from "zod";
import { eventSchema } from "./events.ts";
import { trackStatusSchema } from "./messages.ts";
import { limits } from "./limits.ts";
import { sessionIdSchema, tenantSchema, trackNameSchema } from "./names.ts";
import { clusterIdSchema, rosterSchema, speakerStateSchema } from "./speakers.ts";

export const sessionStatusSchema = z.enum(["open", "finalizing", "finalized"]);
export type SessionStatus = z.infer<typeof sessionStatusSchema>;

export const healthSchema = z.object({
  status: z.literal("ok"),
  app: z.literal("roomtone"),
  version: z.string(),
  /** Binding names; `inference` says who answers resolves: a service that is set, or the embedded resolver. */
  durable_object: z.string(),
  r2_bucket: z.string(),
  inference: z.enum(["service", "embedded"]),
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

/** How a session's audio goes to speaker resolve by itself. */
export const resolveSettingsSchema = z.strictObject({
  auto: z.boolean(),
  /** Seconds of one track that are resolved together. */
  window_chunks: z.int().min(1).max(limits.maxWindowChunks),
});
export type ResolveSettings = z.infer<typeof resolveSettingsSchema>;

/** What a session is told beforehand. Strict: a misspelt setting must not be ignored. */
export const sessionConfigSchema = z.strictObject({
  roster: rosterSchema.optional(),
  metadata: metadataSchema.optional(),
  resolve: resolveSettingsSchema.partial().optional(),
});
export type SessionConfig = z.infer<typeof sessionConfigSchema>;

/** Body of `POST /v1/sessions`. Without an id the gateway makes one. */
export const createSessionBodySchema = sessionConfigSchema.extend({ session_id: sessionIdSchema.optional() });

/** Answer to `POST` and `PATCH /v1/sessions`: the settings that hold. */
export const sessionAnswerSchema = z.object({
  session_id: sessionIdSchema,
  status: sessionStatusSchema,
  roster: rosterSchema.optional(),
  metadata: metadataSchema,
  resolve: resolveSettingsSchema,
});
export type SessionAnswer = z.infer<typeof sessionAnswerSchema>;

/** `GET /v1/sessions/:id/events?after=&limit=`. */
export const eventsPageSchema = z.object({
  events: z.array(eventSchema),
  /** Give it as `after` to go on. */
  next_after: z.int().min(0),
  /** Whether there were more events than these when the page was read. */
  has_more: z.boolean(),
});
export type EventsPage = z.infer<typeof eventsPageSchema>;

const clusterNameSchema = z.string().trim().min(1).max(limits.maxShortTextChars);
/** Body of `PUT /v1/sessions/:id/bindings/:cluster_id`. */
export const bindingBodySchema = z.strictObject({ name: clusterNameSchema });
/** Body of `POST /v1/sessions/:id/clusters/:cluster_id/merge`. */
export const mergeBodySchema = z.strictObject({ into: clusterIdSchema });
/**
 * Body of `PATCH /v1/sessions/:id/turns/:event_id`: either the cluster that the turn belongs to, null for a new one,
 * or a judgement of the name that a `confirm` decision suggests.
 */
export const turnBodySchema = z.union([
  z.strictObject({ cluster_id: clusterIdSchema.nullable() }),
  z.strictObject({ suggestion: z.enum(["confirmed", "refused"]) }),
]);
export type TurnBody = z.infer<typeof turnBodySchema>;

/** Answer to every correction: the events it added; none where that was said before. */
export const correctionAnswerSchema = z.object({ events: z.array(eventSchema) });
export type CorrectionAnswer = z.infer<typeof correctionAnswerSchema>;

/** Body of `POST /v1/sessions/:id/resolve/retry`: windows that were given up are tried again. */
export const retryBodySchema = z.strictObject({ track: trackNameSchema.optional() });
export const retryAnswerSchema = z.object({ reopened_windows: z.int().min(0) });

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
