/**
 * What Workers and rooms tell the app of how they run (SPEC Z5): lines, counts, and what a meeting's room holds. Batches have ids and
 * come at least once; each has its effect once.
 */
import * as z from "zod";
import { sessionIdSchema, tenantSchema } from "./names.ts";

const count = z.int().min(0);

export const telemetryLineSchema = z
  .object({
    /** ms since 1970. */
    at: count,
    level: z.enum(["info", "warn", "error"]),
    event: z.string().max(100),
    tenant: tenantSchema.optional(),
    session_id: sessionIdSchema.optional(),
    trace_id: z.string().max(64).optional(),
  })
  .catchall(z.union([z.string().max(2_000), z.number(), z.boolean()]));
export type TelemetryLine = z.infer<typeof telemetryLineSchema>;

/** By how much a sample of a metric grew. */
export const telemetryCountSchema = z.object({
  name: z.string().max(100),
  /** In the order of the metric's own labels. */
  labels: z.array(z.string().max(120)).max(4),
  value: z.number().min(0),
});
export type TelemetryCount = z.infer<typeof telemetryCountSchema>;

/** What a room counts on disk: right through kills and restarts. */
export const meetingTotalsSchema = z.object({ kept: count, duplicate: count, rejected: count, archived: count });
export type MeetingTotals = z.infer<typeof meetingTotalsSchema>;

export const meetingReportSchema = z.object({
  tenant: tenantSchema,
  session_id: sessionIdSchema,
  status: z.enum(["open", "finalizing", "finalized", "deleted"]),
  totals: meetingTotalsSchema,
  /** What the app is known to have counted before. */
  told: meetingTotalsSchema,
  /** Kept chunks that R2 lacks, and since when the oldest of them is kept, ms since 1970. */
  pending_chunks: count,
  oldest_pending_at: count.nullable(),
  /** Whether windows wait for a speaker-resolve service that fails. */
  is_inference_down: z.boolean(),
  webhooks_pending: count,
  webhooks_dead: count,
  /** Those that wait after a try that failed. Rooms of an earlier version do not say. */
  webhooks_failing: count.default(0),
  /** What of the tenant's audio of a day is used, and when that was heard, ms since 1970. Rooms of an earlier version do not say. */
  quota: z.object({ percent: count, at: count }).nullable().default(null),
});
export type MeetingReport = z.infer<typeof meetingReportSchema>;

export const telemetryLimits = { maxLines: 1_000, maxCounts: 1_000 } as const;

const readable =
  <T>(schema: z.ZodType<T>) =>
  (entries: readonly unknown[]): T[] =>
    entries.flatMap((entry) => schema.safeParse(entry).data ?? []);

export const telemetryBatchSchema = z.object({
  id: z.string().min(1).max(64),
  /** One that can't be read is dropped, and keeps back no other. */
  lines: z.array(z.unknown()).max(telemetryLimits.maxLines).transform(readable(telemetryLineSchema)),
  counts: z.array(z.unknown()).max(telemetryLimits.maxCounts).transform(readable(telemetryCountSchema)),
  meeting: meetingReportSchema.optional(),
});
export type TelemetryBatch = z.infer<typeof telemetryBatchSchema>;
