/** The room's event log: append-only, numbered from 1, replayable from any number (SPEC S2). */
import * as z from "zod";
import { clusterIdSchema, decisionSchema, evidenceSchema } from "./speakers.ts";
import { trackNameSchema } from "./names.ts";

export const eventTypeSchema = z.enum([
  "speaker.resolved",
  "track.opened",
  "track.ended",
  "session.finalizing",
  "session.finalized",
]);

/** What an event says, before the log gives it a number and a time. */
export const eventBodySchema = z.object({
  type: eventTypeSchema,
  track: trackNameSchema.optional(),
  from_seq: z.int().min(1).optional(),
  to_seq: z.int().min(0).optional(),
  /** Of `track.ended`: samples of silence in chunk `to_seq`. */
  padding_samples: z.int().min(0).optional(),
  cluster_id: clusterIdSchema.optional(),
  speaker_name: z.string().nullable().optional(),
  decision: decisionSchema.optional(),
  evidence: evidenceSchema.optional(),
  by: z.enum(["inference", "person", "room"]),
});
export type EventBody = z.infer<typeof eventBodySchema>;

export const eventSchema = eventBodySchema.extend({ event_id: z.int().min(1), at: z.iso.datetime() });
export type RoomEvent = z.infer<typeof eventSchema>;
