/** A batch of an isolate or of a room: counts and reports go to the installation's object, lines also to their tenant's. */
import { type TelemetryBatch, telemetryBatchSchema } from "../../../schemas/telemetry.ts";
import type { Env } from "../env.ts";
import { installation } from "./operations.ts";

type Objects = Pick<Env, "OPERATIONS" | "TRACE_LOG">;

/** What is no batch is dropped: it would come again for ever. */
export async function takeTelemetry(env: Objects, given: unknown): Promise<void> {
  const { data: batch } = telemetryBatchSchema.safeParse(given);
  if (!batch) return;
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
