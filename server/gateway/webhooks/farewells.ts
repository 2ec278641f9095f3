/**
 * The last webhook of a session, `session.deleted` (SPEC D10): written in the commit that deletes all else, and kept beside it with
 * the address that the session had, until it is delivered or given up. It says which session is gone and when, and nothing else.
 */
import { SingleFlight } from "../../../schemas/lib/single-flight.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import type { WebhookPayload } from "../../../schemas/webhooks.ts";
import type { WebhookConfig } from "../../shared/config/webhooks.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import { describeError, type Log } from "../../shared/telemetry/log.ts";
import { post } from "./post.ts";
import { planNext } from "./schedule.ts";

/** Their rows outlive the session's own. */
export const farewellTables = ["farewells"] as const;
const scrubTimeoutMs = 15_000;

interface FarewellRow {
  readonly delivery_id: string;
  /** The session's own address; null where the deployment's holds, as it is at each try. */
  readonly url: string | null;
  readonly payload: string;
  readonly failures: number;
  /** ms since 1970. */
  readonly due_at: number;
}

const first = stmt<[], FarewellRow>("SELECT delivery_id, url, payload, failures, due_at FROM farewells LIMIT 1");
const add = stmt<[deliveryId: string, url: string | null, payload: string, dueAt: number]>(
  "INSERT INTO farewells (delivery_id, url, payload, failures, due_at) VALUES (?, ?, ?, 0, ?)",
);
const putOff = stmt<[failures: number, dueAt: number, deliveryId: string]>(
  "UPDATE farewells SET failures = ?, due_at = ? WHERE delivery_id = ?",
);
const remove = stmt<[deliveryId: string]>("DELETE FROM farewells WHERE delivery_id = ?");

export interface FarewellsDeps {
  readonly db: Database;
  readonly tenant: string;
  readonly sessionId: string;
  readonly settings: WebhookConfig;
  /** The session's own `webhook_url`; gone with the session. */
  readonly sessionUrl: () => string | undefined;
  readonly fetcher: typeof fetch;
  /** Resolves when all SQL so far is durable. */
  readonly synced: () => Promise<void>;
  /** Overwrites what deleted rows left in files. */
  readonly scrub: () => Promise<void>;
  /** Asks for `run` at a time in ms since 1970, through the room's alarm. */
  readonly wakeAt: (at: number) => void;
  readonly random: () => number;
  readonly log: Log;
}

export class Farewells {
  readonly #deps: FarewellsDeps;
  readonly #flight = new SingleFlight(() => this.#send());

  constructor(deps: FarewellsDeps) {
    this.#deps = deps;
  }

  /** Call in the commit that deletes the session, while its settings are still there. */
  write(): void {
    const { db, tenant, sessionId, sessionUrl, settings } = this.#deps;
    const own = sessionUrl();
    if (own === undefined && settings.url === undefined) return;
    const now = db.now();
    const payload: WebhookPayload = {
      type: "session.deleted",
      timestamp: new Date(now).toISOString(),
      data: { tenant, session_id: sessionId },
    };
    add.run(db, `msg_${crypto.randomUUID()}`, own ?? null, JSON.stringify(payload), now);
    this.wake();
  }

  /** Sets the alarm for what is to be sent. */
  wake(): void {
    const row = first.first(this.#deps.db);
    if (row) this.#deps.wakeAt(row.due_at);
  }

  /** Tries what is due; joins the try under way. */
  run(): Promise<void> {
    return this.#flight.run();
  }

  async #send(): Promise<void> {
    const { db, synced } = this.#deps;
    // A deletion that a crash can still undo must not be told.
    await synced();
    const row = first.first(db);
    if (row && row.due_at <= db.now()) await this.#try(row);
    this.wake();
  }

  async #try(row: FarewellRow): Promise<void> {
    const { db, fetcher, log, random, settings, tenant } = this.#deps;
    const outcome = await post(settings, row.url ?? settings.url, { ...row, tenant }, db.now(), fetcher);
    const failures = row.failures + 1;
    const { status: answered, error: why } = outcome;
    const said = { status: answered ?? undefined, error: why ?? undefined, bytes_out: row.payload.length };
    const about = { delivery: row.delivery_id, type: "session.deleted", attempt: failures };
    log[why === null ? "info" : "warn"]("webhook", { ...about, ...said });
    const { state, dueAt } = planNext(outcome, failures, db.now(), random);
    if (dueAt !== null) return void putOff.run(db, failures, dueAt, row.delivery_id);
    if (state === "dead") {
      const { status, error } = outcome;
      const fields = { status: status ?? undefined, error: error ?? undefined };
      log.warn("webhook.dead", { delivery: row.delivery_id, type: "session.deleted", ...fields });
    }
    remove.run(db, row.delivery_id);
    await this.#scrub();
  }

  /** The address may hold a secret: it is not to be found in a file either. What fails here is not tried again. */
  async #scrub(): Promise<void> {
    const { log, scrub, synced } = this.#deps;
    try {
      await synced();
      await withTimeout(scrub(), scrubTimeoutMs, "scrub");
    } catch (cause) {
      log.warn("delete.scrub_failed", { error: describeError(cause) });
    }
  }
}
