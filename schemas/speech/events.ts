/** The room's event log: append-only, numbered from 1, replayable from any number (SPEC S2). */
import * as z from "zod";
import { clusterIdSchema, decisionSchema, evidenceSchema } from "./speakers.ts";
import { trackNameSchema } from "../names.ts";
import { utteranceSchema } from "./utterances.ts";

export const eventTypeSchema = z.enum([
  "speaker.resolved",
  "speaker.bound",
  "speaker.unbound",
  "speaker.merged",
  "speaker.reassigned",
  "speaker.undone",
  "resolve.failed",
  "resolve.stalled",
  "resolve.resumed",
  "resolve.reviewed",
  "resolve.review_failed",
  "utterance.added",
  "utterance.revised",
  "track.opened",
  "track.origin",
  "track.stalled",
  "track.ended",
  "session.finalizing",
  "session.finalized",
  "result.revised",
]);
export type EventType = z.infer<typeof eventTypeSchema>;

/** Who decided: the speaker-resolve service, a person, or the room itself. */
export const deciderSchema = z.enum(["inference", "person", "room"]);
export type Decider = z.infer<typeof deciderSchema>;

/**
 * Why a session stopped taking audio: its finalize did not wait (`asked`); it waited, and every track ended with nothing
 * missing (`complete`), or its time was over (`grace_over`); nobody asked, and nothing had come for long (`idle`).
 */
export const finalizeReasonSchema = z.enum(["asked", "complete", "grace_over", "idle"]);
export type FinalizeReason = z.infer<typeof finalizeReasonSchema>;

const eventIdSchema = z.int().min(1);

/** What an event says, before the log gives it a number and a time. */
export const eventBodySchema = z.object({
  type: eventTypeSchema,
  track: trackNameSchema.optional(),
  from_seq: z.int().min(1).optional(),
  to_seq: z.int().min(0).optional(),
  /** Of `speaker.resolved`: the turn's place on its track's timeline, where it is finer than `from_seq`–`to_seq`. */
  start_ms: z.int().min(0).optional(),
  end_ms: z.int().min(1).optional(),
  /**
   * Of `speaker.resolved`: `from_seq` to `to_seq` was resolved before; a gap in it is filled now, or all of the track was looked at
   * again. Inference's turns of there with an `event_id` up to this one no longer hold. Of `resolve.reviewed`: the turns of its track
   * between this event and itself are what the second look says; absent where that is nothing.
   */
  replaces: eventIdSchema.optional(),
  /** Of `track.ended`: samples of silence in chunk `to_seq`. */
  padding_samples: z.int().min(0).optional(),
  cluster_id: clusterIdSchema.optional(),
  /** Of `speaker.merged`: the cluster that `cluster_id` is now part of. */
  into_cluster_id: clusterIdSchema.optional(),
  /** Of `speaker.reassigned`, and of a binding that a person made by judging a turn: the turn's `event_id`. */
  turn_id: eventIdSchema.optional(),
  /** Of `speaker.undone`, and of a `track.origin` that takes one back: the event that does not hold any more. */
  undoes: eventIdSchema.optional(),
  speaker_name: z.string().nullable().optional(),
  decision: decisionSchema.optional(),
  evidence: evidenceSchema.optional(),
  utterance: utteranceSchema.optional(),
  /** Of `track.origin`: the wall clock of the track's first sample, ms since 1970; null where a person took it back. */
  origin_ms: z.int().nullable().optional(),
  /** Of `resolve.failed`, `resolve.stalled` and `resolve.review_failed`: a sentence on why. */
  detail: z.string().optional(),
  /** Of `result.revised`: the version of the result that can be fetched now. */
  version: z.int().min(1).optional(),
  /** Of `session.finalizing`. */
  reason: finalizeReasonSchema.optional(),
  by: deciderSchema,
});
export type EventBody = z.infer<typeof eventBodySchema>;

export const eventSchema = eventBodySchema.extend({ event_id: eventIdSchema, at: z.iso.datetime() });
export type RoomEvent = z.infer<typeof eventSchema>;
