/** Bodies of `POST …/finalize`: what is expected, what was missing. */
import * as z from "zod";
import { limits } from "../limits.ts";
import { sessionIdSchema, trackNameSchema } from "../names.ts";
import { metadataSchema } from "./sessions.ts";

/**
 * Body of `POST /v1/sessions/:id/finalize`. `expect` names each track's last chunk, so that a missing tail counts as
 * missing. Until every track has ended with nothing missing, clients may go on sending for `grace_ms`; then the session is
 * finalized as it is.
 */
export const finalizeBodySchema = z.strictObject({
  metadata: metadataSchema.optional(),
  expect: z.record(trackNameSchema, z.int().min(0).max(limits.maxSeq)).optional(),
  grace_ms: z.int().min(0).max(limits.maxFinalizeGraceMs).optional(),
});
export type FinalizeBody = z.infer<typeof finalizeBodySchema>;

/** By track, the seconds expected and not kept: the first ranges, where there are many. Complete tracks are not in it. */
export const missingByTrackSchema = z.record(trackNameSchema, z.array(z.tuple([z.int(), z.int()])));

/** Share of the expected seconds that was kept, 0–1; 0 where none was expected. */
export const coverageSchema = z.number().min(0).max(1);

export const finalizeAnswerSchema = z.object({
  session_id: sessionIdSchema,
  result_key: z.string(),
  event_count: z.int().min(0),
  finalized_at: z.iso.datetime(),
  coverage: coverageSchema,
  missing: missingByTrackSchema,
  /** Tracks of which nobody said that nothing follows: whether there was more of them is not known. */
  not_ended: z.array(trackNameSchema),
});
export type FinalizeAnswer = z.infer<typeof finalizeAnswerSchema>;

/** 202: finalize goes on by itself; `result` answers 409 until it is done. */
export const finalizePendingSchema = z.object({
  session_id: sessionIdSchema,
  /** `open` while what is missing may still be sent. */
  status: z.enum(["open", "finalizing"]),
  pending_chunks: z.int().min(0),
  missing: missingByTrackSchema,
  /** Tracks whose end was not announced yet; `grace_ms` waits for it. */
  not_ended: z.array(trackNameSchema),
});
export type FinalizePending = z.infer<typeof finalizePendingSchema>;
