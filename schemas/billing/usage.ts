/** What one call of a model took, as it is kept for the ledger: one record for each call, whatever became of it. */
import * as z from "zod";
import { tenantSchema } from "../names.ts";
import { callUsageSchema } from "../speech/transcription.ts";

export const callKindSchema = z.enum(["stt", "tts", "chat", "live"]);
export type CallKind = z.infer<typeof callKindSchema>;

/** `unknown`: the app ended before it heard. */
export const callOutcomeSchema = z.enum(["ok", "failed", "timeout", "refused", "unavailable", "aborted", "unknown"]);
export type CallOutcome = z.infer<typeof callOutcomeSchema>;

export const usageRecordSchema = z.object({
  /** Of the call: it counts once, however often it is told. */
  usage_id: z.uuid(),
  /** When it began, ms since 1970. */
  at: z.int().nonnegative(),
  tenant: tenantSchema,
  subject: z.string().nullable(),
  session_id: z.string().nullable(),
  trace_id: z.string(),
  route: z.string(),
  kind: callKindSchema,
  /** As `provider/model`. */
  model: z.string(),
  outcome: callOutcomeSchema,
  /** Until the answer ended. */
  latency_ms: z.int().nonnegative(),
  ...callUsageSchema.shape,
  /** The day of the price that the cost was reckoned with; null where there is none. */
  price_date: z.iso.date().nullable(),
});
export type UsageRecord = z.infer<typeof usageRecordSchema>;
