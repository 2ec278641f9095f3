/** Bodies of the HTTP routes. */
import * as z from "zod";
import { eventSchema } from "../speech/events.ts";
import { trackStatusSchema } from "../wire/messages.ts";
import { limits } from "../limits.ts";
import { sessionIdSchema, tenantSchema, trackNameSchema } from "../names.ts";
import { clusterIdSchema, rosterSchema, speakerStateSchema } from "../speech/speakers.ts";

/** Only forward. `deleting` and `deleted` are never the answer of a session's own routes: those then say 410. */
export const sessionStatusSchema = z.enum(["open", "finalizing", "finalized", "deleting", "deleted"]);
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

export const retentionDaysSchema = z.int().min(1).max(limits.maxRetentionDays);
export const autoFinalizeMsSchema = z
  .int()
  .max(limits.maxAutoFinalizeMs)
  .refine((ms) => ms === 0 || ms >= limits.minAutoFinalizeMs, `0 or at least ${limits.minAutoFinalizeMs}`);

/** Where a session's webhooks go. Which addresses are taken is the gateway's to say. */
const webhookUrlSchema = z.url({ protocol: /^https?$/ }).max(limits.maxWebhookUrlChars);

/** What a session is told beforehand. Strict: a misspelt setting must not be ignored. */
export const sessionConfigSchema = z.strictObject({
  roster: rosterSchema.optional(),
  metadata: metadataSchema.optional(),
  resolve: resolveSettingsSchema.partial().optional(),
  webhook_url: webhookUrlSchema.nullable().optional(),
  /** Days until everything of it is deleted, after finalize, or after the last activity of one never finalized; null: never. */
  retention_days: retentionDaysSchema.nullable().optional(),
  /** Without new audio for so long, it is finalized by itself; 0: never. */
  auto_finalize_after_ms: autoFinalizeMsSchema.optional(),
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
  retention_days: retentionDaysSchema.nullable(),
  auto_finalize_after_ms: autoFinalizeMsSchema,
  /** Of the session's own `webhook_url`; the rest of that may hold a secret and is not shown. */
  webhook_origin: z.string().optional(),
});
export type SessionAnswer = z.infer<typeof sessionAnswerSchema>;

/** `status` of `GET /v1/sessions?status=`. What is deleted is in no list. */
export const listedStatusSchema = sessionStatusSchema.exclude(["deleted"]);
export type ListedStatus = z.infer<typeof listedStatusSchema>;

/** A session as the list shows it: the counts may be some minutes old while audio comes. */
export const sessionSummarySchema = z.object({
  session_id: sessionIdSchema,
  status: listedStatusSchema,
  created_at: z.iso.datetime(),
  /** When the session last changed, as far as the list knows. */
  updated_at: z.iso.datetime(),
  finalized_at: z.iso.datetime().nullable(),
  tracks: z.int().min(0),
  /** Seconds of audio that are kept, all tracks together. */
  kept_seconds: z.int().min(0),
  /** Of the longest track's timeline, gaps included. */
  duration_ms: z.int().min(0),
  coverage: z.number().min(0).max(1),
});
export type SessionSummary = z.infer<typeof sessionSummarySchema>;

/** `GET /v1/sessions?status=&limit=&cursor=`, newest first. */
export const sessionsPageSchema = z.object({
  sessions: z.array(sessionSummarySchema),
  /** Give it as `cursor` to go on; null after the last. */
  next_cursor: z.string().nullable(),
});
export type SessionsPage = z.infer<typeof sessionsPageSchema>;

/** What `DELETE /v1/sessions/:id` removed. The same however often it is asked. */
export const deletionReceiptSchema = z.object({
  session_id: sessionIdSchema,
  status: z.literal("deleted"),
  /** `room`: its retention was over. */
  by: z.enum(["request", "room"]),
  requested_at: z.iso.datetime(),
  deleted_at: z.iso.datetime(),
  /** Objects and their bytes in R2: chunks, WAVs, result. */
  objects: z.int().min(0),
  bytes: z.int().min(0),
  /** Kept seconds that only the room had. */
  unarchived_chunks: z.int().min(0),
  tracks: z.int().min(0),
  events: z.int().min(0),
  utterances: z.int().min(0),
});
export type DeletionReceipt = z.infer<typeof deletionReceiptSchema>;

/** 202: the deletion goes on by itself; `DELETE` again gives the receipt once it is done. */
export const deletionPendingSchema = z.object({
  session_id: sessionIdSchema,
  status: z.literal("deleting"),
  /** Objects deleted so far. */
  objects: z.int().min(0),
});
export type DeletionPending = z.infer<typeof deletionPendingSchema>;

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

/**
 * Body of `POST /v1/sessions/:id/finalize`. `expect` names each track's last chunk, so that a missing tail counts as
 * missing. While anything is missing, clients may still send it for `grace_ms`; then the session is finalized as it is.
 */
export const finalizeBodySchema = z.object({
  metadata: metadataSchema.optional(),
  expect: z.record(trackNameSchema, z.int().min(0).max(limits.maxSeq)).optional(),
  grace_ms: z.int().min(0).max(limits.maxFinalizeGraceMs).optional(),
});
export type FinalizeBody = z.infer<typeof finalizeBodySchema>;

/** By track, the seconds expected and not kept: the first ranges, where there are many. Complete tracks are not in it. */
export const missingByTrackSchema = z.record(trackNameSchema, z.array(z.tuple([z.int(), z.int()])));

/** Share of the expected seconds that was kept, 0–1; 1 where none was expected. */
export const coverageSchema = z.number().min(0).max(1);

export const finalizeAnswerSchema = z.object({
  session_id: sessionIdSchema,
  result_key: z.string(),
  event_count: z.int().min(0),
  finalized_at: z.iso.datetime(),
  coverage: coverageSchema,
  missing: missingByTrackSchema,
});
export type FinalizeAnswer = z.infer<typeof finalizeAnswerSchema>;

/** 202: finalize goes on by itself; `result` answers 409 until it is done. */
export const finalizePendingSchema = z.object({
  session_id: sessionIdSchema,
  /** `open` while what is missing may still be sent. */
  status: z.enum(["open", "finalizing"]),
  pending_chunks: z.int().min(0),
  missing: missingByTrackSchema,
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
  /** The whole track as one file; null where there is none (SPEC A2). */
  wav: z.object({ key: z.string(), bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) }).nullable(),
});

/**
 * Why seconds are missing: the client said that its device gave none (`capture_stall`) or that it will not send them
 * (`client_gave_up`); they came and were refused (`rejected`); nothing was ever heard of them (`never_sent`).
 */
export const gapCauseSchema = z.enum(["never_sent", "rejected", "capture_stall", "client_gave_up"]);
export type GapCause = z.infer<typeof gapCauseSchema>;

export const gapSchema = z.object({
  track: trackNameSchema,
  from_seq: z.int().min(1),
  to_seq: z.int().min(1),
  cause: gapCauseSchema,
});
export type ResultGap = z.infer<typeof gapSchema>;

/** One speaker's stretch of a track, ms of the track's timeline. */
export const turnSchema = z.object({
  track: trackNameSchema,
  start_ms: z.int().min(0),
  end_ms: z.int().min(1),
  cluster_id: clusterIdSchema,
  speaker_name: z.string().nullable(),
  /** The `speaker.resolved` events it is made of. */
  turn_ids: z.array(z.int().min(1)),
});
export type Turn = z.infer<typeof turnSchema>;

/** What one speaker adds up to, over all tracks. */
export const speakerSummarySchema = z.object({
  cluster_id: clusterIdSchema,
  speaker_name: z.string().nullable(),
  talk_ms: z.int().min(0),
  turns: z.int().min(0),
});
export type SpeakerSummary = z.infer<typeof speakerSummarySchema>;

/** An utterance as it stands at the end, with who said it. */
export const transcriptEntrySchema = z.object({
  utterance_id: z.string(),
  track: trackNameSchema,
  start_ms: z.int().min(0),
  end_ms: z.int().min(1),
  text: z.string(),
  /** The cluster that speaks most in that stretch; null where none does. */
  cluster_id: clusterIdSchema.nullable(),
  /** The name that the source gave, else the cluster's. */
  speaker_name: z.string().nullable(),
});
export type TranscriptEntry = z.infer<typeof transcriptEntrySchema>;

/** `sessions/<id>/result.json`. */
export const sessionResultSchema = z.object({
  schema_version: z.literal(2),
  tenant: tenantSchema,
  session_id: sessionIdSchema,
  finalized_at: z.iso.datetime(),
  state: speakerStateSchema,
  events: z.array(eventSchema),
  ingest: trackStatusSchema,
  ingest_by_track: z.record(trackNameSchema, trackStatusSchema),
  metadata: metadataSchema,
  timeline: z.array(turnSchema),
  speakers: z.array(speakerSummarySchema),
  transcript: z.array(transcriptEntrySchema),
  gaps: z.array(gapSchema),
  coverage: coverageSchema,
  audio: z.array(resultAudioSchema),
});
export type SessionResult = z.infer<typeof sessionResultSchema>;
