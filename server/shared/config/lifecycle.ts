/** Variables on what happens to a session by the clock: stalled tracks, finalize, deletion (SPEC D7, I5, I6). */
import * as z from "zod";
import { autoFinalizeMsSchema, retentionDaysSchema } from "../../../schemas/http/sessions.ts";
import { type ValuesOf, variable } from "./variable.ts";

export const lifecycleVariables = {
  RETENTION_DAYS: variable(z.coerce.number().pipe(retentionDaysSchema).optional()).describe(
    "Days after finalize, or after the last activity of a session never finalized, until a session is deleted, where its own `retention_days` does not say. A room that sleeps learns of a change when it wakes.",
  ),
  AUTO_FINALIZE_AFTER_MS: variable(
    z
      .preprocess((value) => (value === "off" ? 0 : value), z.coerce.number().pipe(autoFinalizeMsSchema))
      .default(86_400_000),
  ).describe(
    "A session that has audio and gets no more for so long, in ms, is finalized by itself, where its own `auto_finalize_after_ms` does not say. `off` or 0: never.",
  ),
  TRACK_STALLED_AFTER_MS: variable(
    z.coerce
      .number()
      .int()
      .min(0)
      .max(86_400_000)
      .refine((ms) => ms === 0 || ms >= 5_000, "0 or at least 5000")
      .default(60_000),
  ).describe(
    "A track without an `end` that gets no chunk for so long, in ms, has stalled: event `track.stalled`. 0: none ever.",
  ),
};

/** Settings of sessions that have none of their own. */
export interface LifecycleConfig {
  /** null: sessions are kept. */
  readonly retentionDays: number | null;
  /** 0: never. */
  readonly autoFinalizeAfterMs: number;
}

export function lifecycleConfigOf(values: ValuesOf<typeof lifecycleVariables>): LifecycleConfig {
  return Object.freeze({
    retentionDays: values.RETENTION_DAYS ?? null,
    autoFinalizeAfterMs: values.AUTO_FINALIZE_AFTER_MS,
  });
}
