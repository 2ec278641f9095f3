/**
 * Tells a backend what happened in the room (SPEC D1–D6, D10).
 *
 *   event appended ── same commit ──▶ row `pending` ──▶ job ──▶ POST ──▶ 2xx: `delivered`
 *                                         ▲                      │
 *                                         └── later, by schedule ┴─ else; after the last try, or 410: `dead`
 *
 * A row goes on only after its try has ended, so a crash in between sends the delivery again, under the same id.
 */
import { SingleFlight } from "../../../schemas/lib/single-flight.ts";
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import { type Delivery, deliveredEventSchema, type WebhookPayload } from "../../../schemas/webhooks.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { currentSubject, within } from "../../shared/telemetry/context.ts";
import { log } from "../../shared/telemetry/log.ts";
import { type DeliveryRow, deliveryOf, Outbox } from "./outbox.ts";
import type { WebhookConfig } from "../../shared/config/webhooks.ts";
import { post } from "./post.ts";
import { planNext } from "./schedule.ts";

/** Tries of one run, so that a run of an alarm ends even where each takes as long as it may. */
const maxTriesPerRun = 10;

export interface WebhooksDeps {
  readonly db: Database;
  readonly tenant: string;
  readonly sessionId: string;
  readonly settings: WebhookConfig;
  /** The session's own `webhook_url`. */
  readonly sessionUrl: () => string | undefined;
  /** What is said of a version of the result; of the first one without a number. */
  readonly result: (version?: number) => Pick<WebhookPayload["data"], "result_key" | "coverage">;
  /** Whether the result can be fetched: webhooks about it wait until then. */
  readonly isWritten: () => boolean;
  readonly fetcher: typeof fetch;
  /** Resolves when all SQL so far is durable. */
  readonly synced: () => Promise<void>;
  /** Asks for `run` at a time in ms since 1970, through the room's alarm. */
  readonly wakeAt: (at: number) => void;
  readonly random: () => number;
}

export class Webhooks {
  readonly #deps: WebhooksDeps;
  readonly #outbox: Outbox;
  readonly #flight = new SingleFlight(() => this.#send());

  constructor(deps: WebhooksDeps) {
    this.#deps = deps;
    this.#outbox = new Outbox(deps.db);
  }

  /** Call in the transaction that appends the event: then there is a delivery exactly where there is an event. */
  note(event: RoomEvent): void {
    const { tenant, sessionId, result } = this.#deps;
    const type = deliveredEventSchema.safeParse(event.type).data;
    if (type === undefined || this.#url() === undefined) return;
    const about = type === "session.finalized" || type === "result.revised" ? result(event.version) : {};
    const payload = { type, timestamp: event.at, data: { tenant, session_id: sessionId, event, ...about } };
    this.#add(payload);
  }

  /** Call in the step that opens the session. */
  noteCreated(): void {
    const { db, tenant, sessionId } = this.#deps;
    if (this.#url() === undefined) return;
    const timestamp = new Date(db.now()).toISOString();
    this.#add({ type: "session.created", timestamp, data: { tenant, session_id: sessionId } });
  }

  /** Has a delivery of the type `webhook.test` sent now, as any other. @returns undefined where nobody said where to. */
  test(): Delivery | undefined {
    const { db, tenant, sessionId } = this.#deps;
    if (this.#url() === undefined) return undefined;
    const timestamp = new Date(db.now()).toISOString();
    const id = this.#add({ type: "webhook.test", timestamp, data: { tenant, session_id: sessionId } });
    const row = this.#outbox.find(id);
    return row && deliveryOf(row, this.#deps.isWritten());
  }

  #add(payload: WebhookPayload): string {
    const { id, dropped } = this.#outbox.add(payload, currentSubject().trace_id);
    for (const delivery of dropped) log.warn("webhook.dropped", { session_id: this.#deps.sessionId, delivery });
    this.wake();
    return id;
  }

  /** Sets the alarm for what is to be sent. */
  wake(): void {
    const at = this.#outbox.nextDueAt(this.#deps.isWritten());
    if (at !== undefined) this.#deps.wakeAt(at);
  }

  /** Sends what is due, one after the other; joins the run under way. */
  run(): Promise<void> {
    return this.#flight.run();
  }

  /** Newest first. */
  deliveries(): Delivery[] {
    return this.#outbox.all().map((row) => deliveryOf(row, this.#deps.isWritten()));
  }

  /** Sends a delivery again, whatever became of it. @returns undefined where there is none with this id. */
  resend(deliveryId: string): Delivery | undefined {
    if (!this.#outbox.resend(deliveryId)) return undefined;
    this.wake();
    const row = this.#outbox.find(deliveryId);
    return row && deliveryOf(row, this.#deps.isWritten());
  }

  async #send(): Promise<void> {
    const { db, isWritten, synced } = this.#deps;
    // An event that a crash can still undo must not be sent.
    await synced();
    for (let tries = 0; tries < maxTriesPerRun; tries += 1) {
      const row = this.#outbox.firstDue(db.now(), isWritten());
      if (!row) break;
      await within({ trace_id: row.trace_id ?? undefined }, () => this.#try(row));
    }
    this.wake();
  }

  async #try(row: DeliveryRow): Promise<void> {
    const { db, settings, tenant, sessionId, fetcher, random } = this.#deps;
    // Asked anew each time: an address that was mended holds for what still waits.
    const url = this.#url();
    const begunAt = db.now();
    const outcome = await post(settings, url, { ...row, tenant }, begunAt, fetcher);
    const next = planNext(outcome, row.failures + 1, db.now(), random);
    this.#outbox.settle(row, url === undefined ? null : new URL(url).origin, outcome, next);
    log[outcome.error === null ? "info" : "warn"]("webhook", {
      tenant,
      session_id: sessionId,
      delivery: row.delivery_id,
      type: row.type,
      attempt: row.attempts + 1,
      status: outcome.status ?? undefined,
      error: outcome.error ?? undefined,
      state: next.state,
      duration_ms: db.now() - begunAt,
      bytes_out: row.payload.length,
    });
    if (next.state === "dead") {
      const { status, error } = outcome;
      const fields = { status: status ?? undefined, error: error ?? undefined };
      log.warn("webhook.dead", { session_id: sessionId, delivery: row.delivery_id, type: row.type, ...fields });
    }
  }

  #url(): string | undefined {
    return this.#deps.sessionUrl() ?? this.#deps.settings.url;
  }
}
