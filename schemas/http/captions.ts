/** Body of `GET /v1/sessions/:id/captions`: how far captions of a meeting are. */
import * as z from "zod";
import { sessionIdSchema, trackNameSchema } from "../names.ts";
import { captionsModeSchema } from "./sessions.ts";

const placeMs = z.int().min(0);

export const captionsStateSchema = z.object({
  session_id: sessionIdSchema,
  /** What holds for the session: its own setting, or else the deployment's. */
  mode: captionsModeSchema,
  tracks: z.array(
    z.object({
      track: trackNameSchema,
      /** All speech before it is said. */
      captioned_ms: placeMs,
      kept_ms: placeMs,
      /** What is kept and not said yet. While somebody speaks it is never 0. */
      lag_ms: placeMs,
    }),
  ),
  /** What failed last, and until when it is left alone; null where nothing is wrong. */
  setback: z.object({ reason: z.string(), until: z.iso.datetime() }).nullable(),
});
export type CaptionsState = z.infer<typeof captionsStateSchema>;
