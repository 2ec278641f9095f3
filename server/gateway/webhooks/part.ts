/** Webhooks as a part of the room: a delivery for each event that a backend wants to know of. */
import type { WebhookConfig } from "../../shared/config/webhooks.ts";
import type { Core } from "../core/core.ts";
import type { Part } from "../core/part.ts";
import { Webhooks, type WebhooksDeps } from "./webhooks.ts";

export interface WebhooksSettings {
  readonly config: WebhookConfig;
  readonly fetcher: typeof fetch;
  /** What `session.finalized` says of the result. */
  readonly result: WebhooksDeps["result"];
}

export interface WebhooksPart extends Part {
  readonly webhooks: Webhooks;
}

export function webhooksPart(core: Core, { config, fetcher, result }: WebhooksSettings): WebhooksPart {
  const { db, jobs, random, session, store, synced } = core;
  const webhooks = new Webhooks({
    db,
    ...session,
    settings: config,
    sessionUrl: () => store.config.webhook_url,
    result,
    isWritten: () => store.status === "finalized",
    fetcher,
    synced,
    wakeAt: (at) => jobs.at("webhooks", at),
    random,
  });
  return {
    name: "webhooks",
    webhooks,
    jobs: { webhooks: () => webhooks.run() },
    on: {
      eventAppended: (event) => webhooks.note(event),
      // What is to be said of the result waited for it.
      statusChanged: () => webhooks.wake(),
    },
    woke: () => webhooks.wake(),
  };
}
