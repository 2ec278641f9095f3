/** Versions of a session's result: `GET …/results`, and what of them stands in a result and in `state`. */
import * as z from "zod";
import { sessionIdSchema } from "../names.ts";

/**
 * What made a version: the finalize itself; what people said of the speakers; captions that came later; speaker resolve that
 * was tried again; anything else that the log tells.
 */
export const versionCauseSchema = z.enum(["finalize", "corrections", "captions", "resolve", "other"]);
export type VersionCause = z.infer<typeof versionCauseSchema>;

export const versionNumberSchema = z.int().min(1);

export const resultVersionSchema = z.object({
  version: versionNumberSchema,
  made_by: z.array(versionCauseSchema),
  /** When the last event happened that is in it. */
  made_at: z.iso.datetime(),
  /** The version before; null for the first. */
  supersedes: versionNumberSchema.nullable(),
  /** Events that are in it. */
  event_count: z.int().min(0),
  /** Where it lies in R2. */
  result_key: z.string(),
  /** Of its JSON; null for one that an earlier version of the gateway wrote. */
  bytes: z.int().min(0).nullable(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
});
export type ResultVersion = z.infer<typeof resultVersionSchema>;

/** `GET /v1/sessions/:id/results`. */
export const resultVersionsSchema = z.object({
  session_id: sessionIdSchema,
  /** Newest first. */
  versions: z.array(resultVersionSchema),
  /** Whether something has changed that is in no version yet: the next one is being made. */
  is_pending: z.boolean(),
});
export type ResultVersions = z.infer<typeof resultVersionsSchema>;

/** In `state` of a finalized session. */
export const resultStateSchema = z.object({
  version: versionNumberSchema,
  event_count: z.int().min(0),
  is_pending: z.boolean(),
});
export type ResultState = z.infer<typeof resultStateSchema>;
