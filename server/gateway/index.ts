/** The Worker: HTTP and WebSocket upgrades in, rooms behind. */
import { env as deployment, waitUntil } from "cloudflare:workers";
import { openOutlet } from "../shared/telemetry/recorder.ts";
import { hideSecretsOf } from "../shared/telemetry/redact.ts";
import { createApp } from "./http/app.ts";
import { environmentCheck } from "../shared/config/installation/check-environment.ts";
import { log } from "../shared/telemetry/log.ts";
import type { Env } from "./env.ts";

export { GatewayEntrypoint } from "./entry/gateway-entrypoint.ts";
export { EmbeddedResolver } from "./diarizer/entrypoint.ts";
export { RateLimiter } from "../shared/limits/rate-limiter.ts";
export { TenantQuota } from "../shared/limits/tenant-quota.ts";
export { MeetingSessionDO } from "./room/meeting-session.ts";

hideSecretsOf(deployment);
const { APP } = deployment as Env;
if (APP?.takeTelemetry) {
  openOutlet({
    send: async (batch) => APP.takeTelemetry?.(batch),
    keepAlive: waitUntil,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    now: Date.now,
  });
}

const app = createApp();
const checkEnvironment = environmentCheck("gateway", log);

export default {
  fetch: (request, env, ctx) => {
    checkEnvironment(env);
    return app.fetch(request, env, ctx);
  },
} satisfies ExportedHandler<Env>;
