import type { FeedBatch } from "../../schemas/meeting-feed.ts";
import type { TelemetryBatch } from "../../schemas/telemetry.ts";
import type { RateLimiter } from "../shared/limits/rate-limiter.ts";
import type { TenantQuota } from "../shared/limits/tenant-quota.ts";

/** The Worker's bindings (wrangler.jsonc). The variables beside them are read by `config.ts` alone. */
export interface Env extends Cloudflare.Env {
  readonly MEETING_SESSION: DurableObjectNamespace;
  /** One for each tenant and subject (`rateLimiterName`). */
  readonly RATE_LIMITER: DurableObjectNamespace<RateLimiter>;
  /** One for each tenant, by its name. */
  readonly TENANT_QUOTA: DurableObjectNamespace<TenantQuota>;
  readonly RESULT_BUCKET: R2Bucket;
  /** The index of sessions. */
  readonly DB: D1Database;
  /** The app Worker's entrypoint; not there in a deployment that runs the gateway alone. */
  readonly APP?: AppBinding;
  /** Which upload runs, in a deployment. */
  readonly CF_VERSION_METADATA?: WorkerVersionMetadata;
  /** Which bundle runs, where `npm start` made it. */
  readonly BUILD_ID?: string;
  /** The process that runs the Workers, where they run on a developer's machine; not there in a deployment. */
  readonly LOCAL_STATE?: Pick<Fetcher, "fetch">;
}

/** The app as the gateway reaches it. RPC's own types can't be had across Workers: what comes back is parsed. */
export interface AppBinding {
  fetch(request: Request): Promise<Response>;
  /** What the installation tells of itself. An app of an earlier version has no such method. */
  takeTelemetry?(batch: TelemetryBatch): Promise<unknown>;
  /** Has a tenant's meetings read again, so that what was said in them is found. An app of an earlier version has no such method. */
  readMeetingsAgain?(tenant: string, sessionIds: readonly string[]): Promise<unknown>;
  /** Takes messages of a meeting's feed. */
  takeMeeting(batch: FeedBatch): Promise<unknown>;
  /** Somebody comes who is to talk with a model. An app of an earlier version has no such method. */
  expectConversation?(tenant: string, sessionId: string): Promise<unknown>;
  /** Reads the words of meetings again where its index of them was lost. @param sessionIds at most 1,000. */
  readMeetingsAgain?(tenant: string, sessionIds: readonly string[]): Promise<unknown>;
}
