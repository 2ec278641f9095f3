/** What a room asks of the outside, made of the Worker's bindings and variables. */
import { err } from "../../../schemas/lib/result.ts";
import { roomName } from "../../../schemas/names.ts";
import { ApiKeyStore } from "../../shared/access/api-keys.ts";
import { parseConfig } from "../../shared/config/config.ts";
import { defaultLimits } from "../../shared/config/limits.ts";
import type { InferenceConfig } from "../../shared/config/resolve.ts";
import { closeSession, confirmSession, leaseAudio, takeSessionSlot } from "../../shared/limits/limiter-access.ts";
import { switchesOf } from "../../shared/switches/of-installation.ts";
import type { SessionName } from "../core/session-name.ts";
import type { Env } from "../env.ts";
import { SessionIndex } from "../lifecycle/session-list.ts";
import { withFallback } from "../speakers/inference-fallback.ts";
import { createInferenceClient, type Inference } from "../speakers/inference-client.ts";
import { createReviewClient, type Review } from "../speakers/review/review-client.ts";
import type { RoomConfig, Services } from "./room.ts";

/** The embedded resolver speaks the same contract; it is reached inside the Worker, so the address names nothing. */
const embeddedInference: InferenceConfig = {
  url: "https://embedded-resolver/speaker/resolve",
  apiKey: undefined,
  timeoutMs: 15_000,
};

/** How long what is switched off is left alone. */
const switchedOffMs = 60_000;

/** With a bad variable the Worker refuses all requests; what is kept still reaches R2. On a guess nothing ends or is deleted. */
const configOnBadVariable: RoomConfig = {
  resolve: { auto: false, window_chunks: 4, review: false },
  limits: defaultLimits,
  lifecycle: { retentionDays: null, autoFinalizeAfterMs: 0 },
  // Nothing can be sent; deliveries wait.
  webhooks: {
    url: undefined,
    secrets: [],
    tenantSecretsOnly: true,
    sharedSecret: undefined,
    timeoutMs: 15_000,
    reach: { http: false, loopback: false },
  },
  trackStalledAfterMs: 0,
};

export function roomConfigOf(env: Env): RoomConfig {
  const config = parseConfig(env);
  return config.ok ? config.value : configOnBadVariable;
}

/** @param embedded the Worker's own resolver, for deployments that name no service. */
export function servicesOf(
  env: Env,
  session: SessionName,
  embedded: { readonly fetch: typeof fetch },
  /** Of the room's object, which its file is named after. */
  objectId: string,
  /** Of the object: what is begun and not waited for. */
  waitUntil: (work: Promise<void>) => void,
): Pick<
  Services,
  | "inference"
  | "review"
  | "isIngestOff"
  | "index"
  | "quota"
  | "activeKeys"
  | "fetcher"
  | "scrub"
  | "takeMeeting"
  | "tellTelemetry"
> {
  const { APP, LOCAL_STATE, TENANT_QUOTA: quotas } = env;
  return {
    inference: switched(inferenceOf(env, embedded), () => switchesOf(env.DB).isOffNow("inference", waitUntil)),
    review: reviewOf(env, () => switchesOf(env.DB).isOffNow("inference", waitUntil)),
    isIngestOff: () => switchesOf(env.DB).isOffNow("ingest", waitUntil),
    index: new SessionIndex(env.DB),
    quota: {
      confirm: () => confirmSession(quotas, session),
      close: (storedTotal) => closeSession(quotas, session, storedTotal),
      lease: (storedTotal, wanted, quota) => leaseAudio(quotas, session, { storedTotal, wanted, quota }),
    },
    activeKeys: (keyIds) => new ApiKeyStore(env.DB).stillActive(keyIds),
    fetcher: (input, init) => fetch(input, init),
    scrub: async (before) => {
      if (!LOCAL_STATE) return;
      await before();
      const room = encodeURIComponent(roomName(session.tenant, session.sessionId));
      const answer = await LOCAL_STATE.fetch(`http://local/scrub/${objectId}?room=${room}`, { method: "POST" });
      if (!answer.ok) throw new Error(`scrub: ${answer.status}`);
    },
    takeMeeting: APP ? (batch) => APP.takeMeeting(batch) : undefined,
    tellTelemetry: APP?.takeTelemetry ? async (batch) => APP.takeTelemetry?.(batch) : undefined,
  };
}

/** While it is off windows wait, as they do for a service that is down. */
function switched(inference: Inference, isOff: () => boolean): Inference {
  return (request) =>
    isOff()
      ? Promise.resolve(err({ reason: "failed", detail: "Speaker resolve is switched off." }))
      : inference(request);
}

/** As `switched`: the service is asked again for as long as it is off. */
function reviewOf(env: Env, isOff: () => boolean): Review | undefined {
  const config = parseConfig(env);
  if (!config.ok || !config.value.review) return undefined;
  const review = createReviewClient(config.value.review, (input, init) => fetch(input, init));
  return (ask) =>
    isOff()
      ? Promise.resolve(err({ reason: "busy", detail: "speaker resolve is switched off", retryAfterMs: switchedOffMs }))
      : review(ask);
}

function inferenceOf(env: Env, embedded: { readonly fetch: typeof fetch }): Inference {
  const config = parseConfig(env);
  const { inference: service, localInference: local } = config.ok ? config.value : {};
  if (service) return outside(service);
  const inside = createInferenceClient(embeddedInference, (input, init) => embedded.fetch(input, init));
  return local ? withFallback(outside(local), inside) : inside;
}

/** Whether the tenant may have one session more open (SPEC L4). */
export async function mayOpenSession(env: Env, session: SessionName): Promise<boolean> {
  const { maxOpenSessionsPerTenant: limit } = roomConfigOf(env).limits;
  return limit === null || takeSessionSlot(env.TENANT_QUOTA, session, limit);
}

function outside(config: InferenceConfig): Inference {
  return createInferenceClient(config, (input, init) => fetch(input, init));
}
