/** A batch of an isolate or of a room: counts and reports go to the installation's object, lines also to their tenant's. */
import { type TelemetryBatch, telemetryBatchSchema } from "../../../schemas/telemetry.ts";
import * as z from "zod";
import { log } from "../../shared/telemetry/log.ts";
import type { Env } from "../env.ts";
import { installation } from "./operations.ts";

type Objects = Pick<Env, "OPERATIONS" | "TRACE_LOG">;

const sizesSchema = z.object({ lines: z.array(z.unknown()), counts: z.array(z.unknown()) });

/** What is no batch is dropped, and what of one can't be read: it would come again for ever. The log tells of it. */
export async function takeTelemetry(env: Objects, given: unknown): Promise<void> {
  const { data: batch, error } = telemetryBatchSchema.safeParse(given);
  if (!batch) return log.warn("telemetry.not_understood", { issue: error.issues[0]?.path.join(".") });
  const sent = sizesSchema.parse(given);
  const unread = { lines: sent.lines.length - batch.lines.length, counts: sent.counts.length - batch.counts.length };
  if (unread.lines + unread.counts > 0) log.warn("telemetry.unread", unread);
  await Promise.all([keepLines(env, batch), env.OPERATIONS.getByName(installation).take(batch)]);
}

async function keepLines(env: Objects, { id, lines }: TelemetryBatch): Promise<void> {
  const byTenant = Map.groupBy(lines, ({ tenant }) => tenant);
  await Promise.all(
    [...byTenant].map(async ([tenant, own]) => {
      if (tenant !== undefined) await env.TRACE_LOG.getByName(tenant).add(id, own);
    }),
  );
}

/** A session is deleted: nothing is left of it here. */
export async function forgetMeeting(env: Objects, tenant: string, sessionId: string): Promise<void> {
  await Promise.all([
    env.TRACE_LOG.getByName(tenant).forget(sessionId),
    env.OPERATIONS.getByName(installation).forget(tenant, sessionId),
  ]);
}
