/** Webhook deliveries: what is to be sent, and what became of what was. Knows no network and no secret. */
import { limits } from "../../../schemas/limits.ts";
import { parseLater } from "../../../schemas/lib/read-later.ts";
import { type Delivery, deliverySchema, type WebhookPayload } from "../../../schemas/webhooks.ts";
import type { Database, SqlParameter } from "../../shared/lib/sql.ts";
import { type Statement, stmt } from "../../shared/lib/stmt.ts";
import type { NextStep, TryOutcome } from "./schedule.ts";

export interface DeliveryRow {
  readonly delivery_id: string;
  readonly type: string;
  readonly event_id: number;
  readonly created_at: number;
  readonly payload: string;
  /** Of the request or connection that caused it; null where nobody knows. */
  readonly trace_id: string | null;
  readonly state: string;
  readonly attempts: number;
  /** Tries in a row that failed since the delivery was written or sent again. */
  readonly failures: number;
  /** ms since 1970; null unless pending. */
  readonly due_at: number | null;
  readonly last_at: number | null;
  readonly last_origin: string | null;
  readonly last_status: number | null;
  readonly last_error: string | null;
}

const selecting = <Values extends readonly SqlParameter[]>(where: string): Statement<Values, DeliveryRow> =>
  stmt(
    `SELECT delivery_id, type, event_id, created_at, payload, state, attempts, failures, due_at, last_at,
       last_origin, last_status, last_error,
       (SELECT trace_id FROM webhook_traces AS t WHERE t.delivery_id = webhook_deliveries.delivery_id) AS trace_id
     FROM webhook_deliveries WHERE ${where}`,
  );

/** A delivery about a result that isn't written yet is held back. Its value: 1 once the result is written. */
const isReady = "state = 'pending' AND (type <> 'session.finalized' OR ?)";

const add = stmt<
  [deliveryId: string, type: string, eventId: number, createdAt: number, payload: string, dueAt: number]
>(
  `INSERT INTO webhook_deliveries (delivery_id, type, event_id, created_at, payload, state, attempts, failures, due_at)
   VALUES (?, ?, ?, ?, ?, 'pending', 0, 0, ?)`,
);
const addTrace = stmt<[deliveryId: string, traceId: string]>(
  "INSERT OR REPLACE INTO webhook_traces (delivery_id, trace_id) VALUES (?, ?)",
);
const removeTraces = stmt<[]>(
  "DELETE FROM webhook_traces WHERE delivery_id NOT IN (SELECT delivery_id FROM webhook_deliveries)",
);
const firstDue = selecting<[isWritten: number, now: number]>(`${isReady} AND due_at <= ? ORDER BY due_at, n LIMIT 1`);
const nextDue = selecting<[isWritten: number]>(`${isReady} ORDER BY due_at LIMIT 1`);
const byId = selecting<[deliveryId: string]>("delivery_id = ?");
const newestFirst = selecting<[]>("1 ORDER BY n DESC");
const settle = stmt<
  [
    ...[state: string, failures: number, dueAt: number | null, lastAt: number],
    ...[lastOrigin: string | null, lastStatus: number | null, lastError: string | null, deliveryId: string],
  ]
>(
  `UPDATE webhook_deliveries SET state = ?, attempts = attempts + 1, failures = ?, due_at = ?, last_at = ?,
     last_origin = ?, last_status = ?, last_error = ? WHERE delivery_id = ?`,
);
const makeDue = stmt<[dueAt: number, deliveryId: string]>(
  "UPDATE webhook_deliveries SET state = 'pending', failures = 0, due_at = ? WHERE delivery_id = ?",
);
const count = stmt<[], { n: number }>("SELECT count(*) AS n FROM webhook_deliveries");
const removeFirst = stmt<[rows: number], Pick<DeliveryRow, "delivery_id" | "state">>(
  `DELETE FROM webhook_deliveries WHERE n IN (
     SELECT n FROM webhook_deliveries
     ORDER BY CASE state WHEN 'delivered' THEN 0 WHEN 'dead' THEN 1 ELSE 2 END, n LIMIT ?)
   RETURNING delivery_id, state`,
);

/** In a row's `event_id`. */
const noEvent = 0;

export class Outbox {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Writes a delivery. Part of the caller's transaction. @returns its id, and those of pending ones that had to go for it. */
  add(payload: WebhookPayload, traceId?: string): { readonly id: string; readonly dropped: string[] } {
    const now = this.#db.now();
    const id = `msg_${crypto.randomUUID()}`;
    const eventId = payload.data.event?.event_id ?? noEvent;
    add.run(this.#db, id, payload.type, eventId, now, JSON.stringify(payload), now);
    if (traceId !== undefined) addTrace.run(this.#db, id, traceId);
    return { id, dropped: this.#trim() };
  }

  /** The delivery that is due first. @param isWritten whether the result is. */
  firstDue(now: number, isWritten: boolean): DeliveryRow | undefined {
    return firstDue.first(this.#db, Number(isWritten), now);
  }

  /** When the next delivery is due, ms since 1970. */
  nextDueAt(isWritten: boolean): number | undefined {
    return nextDue.first(this.#db, Number(isWritten))?.due_at ?? undefined;
  }

  /** Notes how a try ended and what follows from it. */
  settle(row: DeliveryRow, origin: string | null, { status, error }: TryOutcome, next: NextStep): void {
    const failures = error === null ? 0 : row.failures + 1;
    const { state, dueAt } = next;
    settle.run(this.#db, state, failures, dueAt, this.#db.now(), origin, status, error, row.delivery_id);
  }

  /** Makes a delivery due now, with all its tries before it. @returns whether there is one. */
  resend(deliveryId: string): boolean {
    return makeDue.run(this.#db, this.#db.now(), deliveryId);
  }

  find(deliveryId: string): DeliveryRow | undefined {
    return byId.first(this.#db, deliveryId);
  }

  /** Newest first. */
  all(): DeliveryRow[] {
    return newestFirst.all(this.#db);
  }

  /** What was delivered goes first, then the dead, then the oldest of those that wait. */
  #trim(): string[] {
    const tooMany = count.one(this.#db).n - limits.maxWebhookDeliveries;
    if (tooMany <= 0) return [];
    const removed = removeFirst.all(this.#db, tooMany);
    removeTraces.run(this.#db);
    return removed.filter(({ state }) => state === "pending").map(({ delivery_id }) => delivery_id);
  }
}

/** A row as a caller may see it, its type and its error as they came where a later version wrote it (V6). */
export function deliveryOf(row: DeliveryRow, isWritten: boolean): Delivery {
  const isHeld = row.type === "session.finalized" && !isWritten;
  return parseLater(deliverySchema, {
    delivery_id: row.delivery_id,
    type: row.type,
    event_id: row.event_id === noEvent ? null : row.event_id,
    created_at: new Date(row.created_at).toISOString(),
    state: row.state,
    attempts: row.attempts,
    last_at: timeOf(row.last_at),
    last_origin: row.last_origin,
    last_status: row.last_status,
    last_error: row.last_error,
    next_at: isHeld ? null : timeOf(row.due_at),
  });
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
