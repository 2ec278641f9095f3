/** `result.json`: what a finalized session adds up to. */
import * as z from "zod";
import { eventSchema, finalizeReasonSchema } from "../speech/events.ts";
import { trackOriginSchema, trackStatusSchema } from "../wire/messages.ts";
import { sessionIdSchema, tenantSchema, trackNameSchema } from "../names.ts";
import { clusterIdSchema, speakerStateSchema } from "../speech/speakers.ts";
import { metadataSchema } from "./sessions.ts";
import { versionCauseSchema, versionNumberSchema } from "./versions.ts";
import { coverageSchema } from "./finalize.ts";
import { gapSchema } from "./gaps.ts";

/** One track's audio as it lies in R2. */
export const resultAudioSchema = z.object({
  track: trackNameSchema,
  /** Chunks are `<key_prefix><seq, 8 digits>.pcm`. */
  key_prefix: z.string(),
  chunks: z.int().min(0),
  bytes: z.int().min(0),
  /** Length of the timeline, gaps included. */
  duration_ms: z.int().min(0),
  /** Whether somebody said that nothing follows, the client or the finalize; absent in results of before November 2026. */
  ended: z.boolean().optional(),
  ...trackOriginSchema.partial().shape,
  /** Where the track's first sample lies on the meeting's axis, on which are `timeline`, `speakers` and `transcript`. */
  offset_ms: z.int().min(0).optional(),
  /** Samples of silence that fill up the last second, as the client declared with `end`. */
  padding_samples: z.int().min(0),
  /** Head of the track's hash chain (SPEC H1). */
  chain_head: z.string().regex(/^[0-9a-f]{64}$/),
  /** The whole track as one file; null where there is none (SPEC A2). */
  wav: z.object({ key: z.string(), bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) }).nullable(),
});

/**
 * One speaker's stretch of a track. In a result ms of the meeting's axis: take away the track's `offset_ms` for the place in
 * its audio.
 */
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

/** An utterance as it stands at the end, with who said it. ms of the meeting's axis, as turns. */
export const transcriptEntrySchema = z.object({
  utterance_id: z.string(),
  track: trackNameSchema,
  start_ms: z.int().min(0),
  /** The same as `start_ms` where the source gave no length. */
  end_ms: z.int().min(0),
  text: z.string(),
  /** The cluster that speaks most in that stretch; null where none does. */
  cluster_id: clusterIdSchema.nullable(),
  /** The name that a person gave the cluster, else the one that the source gave, else the cluster's. */
  speaker_name: z.string().nullable(),
});
export type TranscriptEntry = z.infer<typeof transcriptEntrySchema>;

/** `sessions/<id>/result.json`. */
export const sessionResultSchema = z.object({
  schema_version: z.literal(2),
  tenant: tenantSchema,
  session_id: sessionIdSchema,
  /** From 1; this and what follows is absent in results of before November 2026, which are the first version. */
  version: versionNumberSchema.optional(),
  /** What made this version; see `GET …/results`. */
  made_by: z.array(versionCauseSchema).optional(),
  /** When the last event happened that is in it. */
  made_at: z.iso.datetime().optional(),
  /** The version before; null for the first. */
  supersedes: versionNumberSchema.nullable().optional(),
  /** When the audio and everything else of the first version was fixed. */
  finalized_at: z.iso.datetime(),
  /** Why no more audio was taken; absent in results of before November 2026. */
  end_reason: finalizeReasonSchema.optional(),
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
