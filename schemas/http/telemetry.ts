/** How the installation runs, and what happened to a meeting (SPEC Z5–Z7). */
import * as z from "zod";
import { upTo } from "./queries.ts";
import { sessionIdSchema, tenantSchema } from "../names.ts";
import { switchNameSchema } from "../switches.ts";
import { telemetryLineSchema } from "../telemetry.ts";

const count = z.number().min(0);
const nullableDate = z.iso.datetime().nullable();

export const edgeHealthSchema = z.object({
  /** `alerting` while an alert fires. */
  status: z.enum(["ok", "alerting"]),
  at: z.iso.datetime(),
  sessions: z.object({ open: count, finalizing: count }),
  archive: z.object({
    /** Kept seconds that R2 lacks, and for how long the oldest of them has waited. */
    pending_chunks: count,
    oldest_pending_s: count,
  }),
  inference: z.object({
    /** Meetings whose windows wait for a service that fails. */
    meetings_down: count,
    down_since: nullableDate,
  }),
  /** Meetings whose captions are behind what is kept, and how far where it is most. */
  captions: z.object({ meetings_behind: count, lag_s: count }),
  /** Models that failed so often that they are left alone for a while, by tenant; the longest first, 50 at most. */
  models: z.array(z.object({ tenant: tenantSchema, model: z.string(), since: z.iso.datetime() })),
  /** The tenant that has used most of its audio of today; null where none was heard of. */
  quota: z.object({ tenant: tenantSchema, percent: count }).nullable(),
  /** Of the machine; null in a deployment, and before it is looked at. */
  disk: z.object({ free_bytes: count }).nullable(),
  webhooks: z.object({ pending: count, dead: count }),
  /** Areas that an operator switched off (SPEC X10). */
  switched_off: z.array(switchNameSchema),
  /** Requests of the last five minutes. */
  requests: z.object({ total: count, errors: count, storage_full: count }),
  alerts: z.array(z.object({ alert: z.string(), since: z.iso.datetime(), summary: z.string() })),
  /** Meetings in which something waits, the longest first; 20 at most. */
  troubled: z.array(
    z.object({
      tenant: tenantSchema,
      session_id: sessionIdSchema,
      pending_chunks: count,
      oldest_pending_at: nullableDate,
      is_inference_down: z.boolean(),
    }),
  ),
});
export type EdgeHealth = z.infer<typeof edgeHealthSchema>;

export const traceQuerySchema = z.strictObject({
  /** The minutes around it are shown; without it the last hour in which anything is known. */
  at: z.iso.datetime({ offset: true }).optional(),
  /** How many minutes before and after. */
  minutes: upTo(1_440).default(5),
});

export const traceAnswerSchema = z.object({
  session_id: sessionIdSchema,
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  /** By time. */
  lines: z.array(telemetryLineSchema.extend({ at: z.iso.datetime() })),
  /** There are more: ask for fewer minutes. */
  is_cut: z.boolean(),
});
export type TraceAnswer = z.infer<typeof traceAnswerSchema>;
