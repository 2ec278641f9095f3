/** Bodies of what people say of the speakers, and of windows that are to be resolved again. */
import * as z from "zod";
import { eventSchema } from "../speech/events.ts";
import { limits } from "../limits.ts";
import { trackNameSchema } from "../names.ts";
import { visibleLineSchema } from "../visible-line.ts";
import { clusterIdSchema } from "../speech/speakers.ts";

/** Highest instant of ECMAScript's Date. */
const maxDateMs = 8.64e15;
const clusterNameSchema = z.string().trim().pipe(visibleLineSchema(limits.maxShortTextChars));
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

/**
 * Body of `PUT /v1/sessions/:id/tracks/:track/origin`: the wall clock of the track's first sample, ms since 1970; null for what
 * the room made of it by itself.
 */
export const originBodySchema = z.strictObject({ origin_ms: z.int().min(0).max(maxDateMs).nullable() });

/** Answer to every correction: the events it added; none where that was said before. */
export const correctionAnswerSchema = z.object({ events: z.array(eventSchema) });
export type CorrectionAnswer = z.infer<typeof correctionAnswerSchema>;

/** Body of `POST /v1/sessions/:id/resolve/retry`: windows that were given up are tried again. */
export const retryBodySchema = z.strictObject({ track: trackNameSchema.optional() });
/** Body of `POST /v1/sessions/:id/resolve/review`: who speaks is looked at again, on one track or on all of them. */
export const reviewBodySchema = z.strictObject({ track: trackNameSchema.optional() });
export const reviewAskedSchema = z.object({ reviewing_tracks: z.array(trackNameSchema) });
export const retryAnswerSchema = z.object({ reopened_windows: z.int().min(0) });
