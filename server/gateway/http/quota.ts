/** `GET /v1/quota`: what the caller's tenant has used of what it may, before it is refused. */
import type { Context } from "hono";
import type { Quota } from "../../../schemas/http/quota.ts";
import { tenantUsage } from "../../shared/limits/limiter-access.ts";
import { dayStart } from "../../shared/limits/reservation.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { AppEnv } from "./app-env.ts";
import { problem } from "./problems.ts";

const dayMs = 86_400_000;

export async function quotaRoute(c: Context<AppEnv>): Promise<Response> {
  const { maxOpenSessionsPerTenant, audioSecondsPerTenantDay } = c.var.config.limits;
  try {
    const { day, seconds, openSessions } = await tenantUsage(c.env.TENANT_QUOTA, c.var.principal.tenant);
    const quota: Quota = {
      day,
      resets_at: new Date(dayStart(Date.parse(day) / dayMs + 1)).toISOString(),
      audio_seconds: { used: seconds, limit: audioSecondsPerTenantDay },
      open_sessions: { used: openSessions, limit: maxOpenSessionsPerTenant },
    };
    return c.json(quota, 200, { "cache-control": "private, no-cache" });
  } catch (cause) {
    log.warn("quota.not_read", { trace_id: c.var.traceId, error: describeError(cause) });
    return problem(c, "quota_unavailable");
  }
}
