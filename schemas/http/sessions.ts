/** Bodies of a session itself: its state, its settings, its place in the list, and what its deletion left. */
import * as z from "zod";
import { visibleLineSchema } from "../visible-line.ts";
import { trackStatusSchema } from "../wire/messages.ts";
import { limits } from "../limits.ts";
import { sessionIdSchema, trackNameSchema } from "../names.ts";
import { postedRosterSchema, rosterSchema, speakerStateSchema } from "../speech/speakers.ts";
import { participantBodySchema } from "./participant-body.ts";
import { gapSchema } from "./gaps.ts";
import { resultStateSchema } from "./versions.ts";

/** Only forward. `deleting` and `deleted` are never the answer of a session's own routes: those then say 410. */
export const sessionStatusSchema = z.enum(["open", "finalizing", "finalized", "deleting", "deleted"]);
export type SessionStatus = z.infer<typeof sessionStatusSchema>;

/** A second look at who speaks on a track (SPEC R16): it waits for the service, is done, was given up, or was done and taken back. */
const reviewStatusSchema = z.object({
  track: trackNameSchema,
  status: z.enum(["waiting", "done", "failed", "undone"]),
  asked_at: z.iso.datetime(),
  /** Of one that failed, or whose last try did: a sentence on why. */
  detail: z.string().optional(),
});
export type ReviewStatus = z.infer<typeof reviewStatusSchema>;

/** `GET /v1/sessions/:id/state`. `ingest` is the `mixed` track's status, else the first track's; all zero where there is none. */
export const sessionStateSchema = z.object({
  session_id: sessionIdSchema,
  status: sessionStatusSchema,
  state: speakerStateSchema,
  event_count: z.int().min(0),
  updated_at: z.iso.datetime(),
  ingest: trackStatusSchema,
  ingest_by_track: z.record(trackNameSchema, trackStatusSchema),
  /**
   * Why seconds are missing so far (SPEC G2): of each track the first stretches. What came late is in none of them, and `never_sent`
   * may come still while the session is open. Absent in answers of before December 2026.
   */
  gaps: z.array(gapSchema).optional(),
  /** Tracks whose speakers were to be looked at again; absent where none was. */
  reviews: z.array(reviewStatusSchema).optional(),
  /** Of a finalized session: which version of the result can be fetched, and whether something changed since. */
  result: resultStateSchema.optional(),
});
export type SessionState = z.infer<typeof sessionStateSchema>;

/** What people call the session. */
export const titleSchema = visibleLineSchema(limits.maxTitleChars);
export const metadataSchema = z.record(z.string(), z.unknown());

/** How a session's audio goes to speaker resolve by itself. */
export const resolveSettingsSchema = z.strictObject({
  auto: z.boolean(),
  /** Seconds of one track that are resolved together. */
  window_chunks: z.int().min(1).max(limits.maxWindowChunks),
  /**
   * With `auto`: whether all of each track is looked at again once the session is finalized, which makes a later version of the result
   * (SPEC R16). Absent in answers of before December 2026, and of sessions opened then, which are not looked at again by themselves.
   */
  review: z.boolean().optional(),
});
export type ResolveSettings = z.infer<typeof resolveSettingsSchema>;

export const retentionDaysSchema = z.int().min(1).max(limits.maxRetentionDays);
export const autoFinalizeMsSchema = z
  .int()
  .max(limits.maxAutoFinalizeMs)
  .refine((ms) => ms === 0 || ms >= limits.minAutoFinalizeMs, `must be 0 or at least ${limits.minAutoFinalizeMs}`);

/**
 * Whether the app transcribes what is captured, a piece after each pause (`final`), and what was said of one so far while it goes on
 * (`live`): needs a model (docs/speech.md).
 */
export const captionsModeSchema = z.enum(["off", "final", "live"]);
export type CaptionsMode = z.infer<typeof captionsModeSchema>;

/** Where a session's webhooks go. Which addresses are taken is the gateway's to say. */
const webhookUrlSchema = z.url({ protocol: /^https?$/ }).max(limits.maxWebhookUrlChars);

/** Settings of a session. Strict: a misspelt setting must not be ignored. */
export const sessionConfigSchema = z.strictObject({
  /** null takes it away. */
  title: titleSchema.nullable().optional(),
  roster: postedRosterSchema.optional(),
  metadata: metadataSchema.optional(),
  resolve: resolveSettingsSchema.partial().optional(),
  webhook_url: webhookUrlSchema.nullable().optional(),
  /** Days until everything of it is deleted, after finalize, or after the last activity of one never finalized; null: never. */
  retention_days: retentionDaysSchema.nullable().optional(),
  /** Without new audio for so long, it is finalized by itself; 0: never. */
  auto_finalize_after_ms: autoFinalizeMsSchema.optional(),
  /** Without it `CAPTIONS` of the deployment holds. */
  captions: captionsModeSchema.optional(),
  /** A model takes part once somebody captures (docs/participant.md); null: none does. */
  participant: participantBodySchema.nullable().optional(),
});
export type SessionConfig = z.infer<typeof sessionConfigSchema>;

/** Body of `POST /v1/sessions`. Without an id the gateway makes one. */
export const createSessionBodySchema = sessionConfigSchema.extend({ session_id: sessionIdSchema.optional() });

/** Answer to `POST` and `PATCH /v1/sessions`: the settings that hold. */
export const sessionAnswerSchema = z.object({
  session_id: sessionIdSchema,
  status: sessionStatusSchema,
  title: titleSchema.nullable(),
  roster: rosterSchema.optional(),
  metadata: metadataSchema,
  resolve: resolveSettingsSchema,
  retention_days: retentionDaysSchema.nullable(),
  auto_finalize_after_ms: autoFinalizeMsSchema,
  captions: captionsModeSchema.optional(),
  participant: participantBodySchema.optional(),
  /** Origin of the session's own `webhook_url`; the rest of it may hold a secret and is not shown. */
  webhook_origin: z.string().optional(),
});
export type SessionAnswer = z.infer<typeof sessionAnswerSchema>;

/** How much of one track there is; `GET …/state` has all that is known of it. */
export const trackSummarySchema = z.object({
  track: trackNameSchema,
  kept_seconds: z.int().min(0),
  missing_seconds: z.int().min(0),
  /** Kept seconds that R2 does not have yet. */
  unarchived_seconds: z.int().min(0),
  /** Of its timeline, gaps included. */
  duration_ms: z.int().min(0),
  /** Whether the client said that nothing follows. */
  is_ended: z.boolean(),
});

/** Names of people: those that speakers bear, then others of the roster. At most `maxListedPeople`. */
const peopleSchema = z.array(z.string());

/** `GET /v1/sessions/:id`: its settings, as `POST` and `PATCH` answer them, and what there is of it. */
export const sessionSchema = sessionAnswerSchema.extend({
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  finalized_at: z.iso.datetime().nullable(),
  /** When its retention deletes it, as things are now; null: never. */
  deletes_at: z.iso.datetime().nullable(),
  people: peopleSchema,
  /** Of the longest track's timeline, gaps included. */
  duration_ms: z.int().min(0),
  coverage: z.number().min(0).max(1),
  tracks: z.array(trackSummarySchema),
});
export type Session = z.infer<typeof sessionSchema>;

/** `status` of `GET /v1/sessions?status=`. What is deleted is in no list. */
export const listedStatusSchema = sessionStatusSchema.exclude(["deleted"]);
export type ListedStatus = z.infer<typeof listedStatusSchema>;

/** A session as the list shows it: the counts may be some minutes old while audio comes. */
export const sessionSummarySchema = z.object({
  session_id: sessionIdSchema,
  status: listedStatusSchema,
  title: titleSchema.nullable(),
  people: peopleSchema,
  created_at: z.iso.datetime(),
  /** When the session last changed, as far as the list knows. */
  updated_at: z.iso.datetime(),
  finalized_at: z.iso.datetime().nullable(),
  tracks: z.int().min(0),
  /** Seconds of audio that are kept, all tracks together. */
  kept_seconds: z.int().min(0),
  /** Seconds that are expected and not kept. */
  missing_seconds: z.int().min(0),
  /** Seconds that were kept more than a minute ago and that R2 still lacks. */
  overdue_seconds: z.int().min(0),
  /** Of the longest track's timeline, gaps included. */
  duration_ms: z.int().min(0),
  coverage: z.number().min(0).max(1),
});
export type SessionSummary = z.infer<typeof sessionSummarySchema>;

/** `GET /v1/sessions`, newest first. */
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
