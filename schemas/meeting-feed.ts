/**
 * What the gateway tells the app of a meeting (SPEC X3–X7): messages over the binding between the two Workers, numbered from
 * 1 without a hole, in the order in which they are to be taken. A message sums up what happened since the one before, so
 * that their number does not grow with the time that the app was away. They hold numbers and names, never words or audio:
 * those the app reads where it needs them.
 */
import * as z from "zod";
import { sessionIdSchema, tenantSchema, trackNameSchema } from "./names.ts";

const count = z.int().min(0);
const message = z.object({
  /** The place in the session's feed. */
  id: z.int().min(1),
  /** When the message was written, or, where that is kept, when what it tells of happened. */
  at: z.iso.datetime(),
});

/** The first message of every session, also where the app was bound in the middle of the meeting. */
const sessionOpenedSchema = message.extend({ type: z.literal("session.opened") });

/** Somebody captures this track for the first time. */
const trackOpenedSchema = message.extend({
  type: z.literal("track.opened"),
  track: trackNameSchema,
  event_id: z.int().min(1),
});

const trackProgressedSchema = message.extend({
  type: z.literal("track.progressed"),
  track: trackNameSchema,
  /** Seconds of audio kept since this track was told of last. */
  seconds: count,
  /** All of them so far. */
  kept_seconds: count,
  /** All kept chunks up to here are in R2. It steps back where a chunk comes late, until R2 has that one too. */
  archived_seq: count,
});

const utterancesChangedSchema = message.extend({
  type: z.literal("utterances.changed"),
  /** The events that say so are among these, both included. */
  first_event_id: z.int().min(1),
  last_event_id: z.int().min(1),
  added: count,
  revised: count,
});

/** Speakers were named, merged or corrected, or a track was looked at again: who said what may be another now. */
const speakersChangedSchema = message.extend({
  type: z.literal("speakers.changed"),
  /** The events that say so are among these, both included. */
  first_event_id: z.int().min(1),
  last_event_id: z.int().min(1),
});

/** Speaker resolve gave answers that the room took. */
const resolveCalledSchema = message.extend({
  type: z.literal("resolve.called"),
  calls: z.int().min(1),
  total_calls: z.int().min(1),
});

/** The result can be read. */
const sessionFinalizedSchema = message.extend({
  type: z.literal("session.finalized"),
  result_key: z.string(),
  coverage: z.number().min(0).max(1),
});

/** The meeting was corrected after its end: a newer version of the result can be read. Versions in between may not be told. */
const resultRevisedSchema = message.extend({
  type: z.literal("result.revised"),
  version: z.int().min(2),
  result_key: z.string(),
});

/** The last message of a session: it is being deleted, and nothing of it may be left in the app either. */
const sessionDeletedSchema = message.extend({ type: z.literal("session.deleted") });

export const feedMessageSchema = z.discriminatedUnion("type", [
  sessionOpenedSchema,
  trackOpenedSchema,
  trackProgressedSchema,
  utterancesChangedSchema,
  speakersChangedSchema,
  resolveCalledSchema,
  sessionFinalizedSchema,
  resultRevisedSchema,
  sessionDeletedSchema,
]);
export type FeedMessage = z.infer<typeof feedMessageSchema>;

/** Messages of one call, at most. */
export const maxFeedMessages = 100;

export const feedBatchSchema = z.object({
  tenant: tenantSchema,
  session_id: sessionIdSchema,
  messages: z.array(feedMessageSchema).min(1).max(maxFeedMessages),
});
export type FeedBatch = z.infer<typeof feedBatchSchema>;

/** The app's answer: all messages up to this id have had their effect, and need not be sent again. */
export const feedAnswerSchema = z.object({ taken_through: count });
export type FeedAnswer = z.infer<typeof feedAnswerSchema>;
