/** The Worker: HTTP and WebSocket upgrades in, rooms behind. */
import { createApp } from "./http/app.ts";
import type { Env } from "./env.ts";

export { EmbeddedResolver } from "./embedded-resolver.ts";
export { RateLimiter } from "./limits/rate-limiter.ts";
export { TenantQuota } from "./limits/tenant-quota.ts";
export { MeetingSessionDO } from "./room/meeting-session.ts";

const app = createApp();

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
} satisfies ExportedHandler<Env>;
