/** Webhooks as a part of the room: a delivery for each event that a backend wants to know of. */
import type { WebhookConfig } from "../../shared/config/webhooks.ts";
import type { Core } from "../core/core.ts";
import type { Part } from "../core/part.ts";
import { farewellTables, Farewells } from "./farewells.ts";
import { Webhooks, type WebhooksDeps } from "./webhooks.ts";

export interface WebhooksSettings {
  readonly config: WebhookConfig;
  readonly fetcher: typeof fetch;
  /** What `session.finalized` says of the result. */
  readonly result: WebhooksDeps["result"];
  /** Overwrites what deleted rows left in files. */
  readonly scrub: () => Promise<void>;
}

export interface WebhooksPart extends Part {
  readonly webhooks: Webhooks;
}

export function webhooksPart(core: Core, { config, fetcher, result, scrub }: WebhooksSettings): WebhooksPart {
  const { db, jobs, log, random, session, status, store, synced } = core;
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
  const farewells = new Farewells({
    db,
    ...session,
    settings: config,
    sessionUrl: () => store.config.webhook_url,
    fetcher,
    synced,
    scrub,
    wakeAt: (at) => jobs.at("farewell", at),
    random,
    log,
  });
  return {
    name: "webhooks",
    webhooks,
    jobs: { webhooks: () => webhooks.run(), farewell: () => farewells.run() },
    on: {
      eventAppended: (event) => webhooks.note(event),
      statusChanged: () => {
        // A session is open once, and first of all.
        if (status.isOpen) webhooks.noteCreated();
        // What is to be said of the result waited for it.
        webhooks.wake();
      },
      sessionDeleted: () => farewells.write(),
    },
    woke: () => (status.isGone ? farewells.wake() : webhooks.wake()),
    afterDeletion: { jobs: ["farewell"], tables: farewellTables },
  };
}
