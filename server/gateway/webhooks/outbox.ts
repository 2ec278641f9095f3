/** The letters of a room, as rows: what is to be sent, and what became of what was. Knows no network and no secret. */
import { limits } from "../../../schemas/limits.ts";
import {
  type Delivery,
  type DeliveryError,
  deliveryErrorSchema,
  deliveryStateSchema,
  type WebhookPayload,
  webhookTypeSchema,
} from "../../../schemas/webhooks.ts";
import type { Database } from "../../shared/lib/sql.ts";
import type { NextStep, TryOutcome } from "./schedule.ts";

export type DeliveryRow = {
  delivery_id: string;
  type: string;
  event_id: number;
  created_at: number;
  payload: string;
  state: string;
  attempts: number;
  /** Tries in a row that failed since the letter was written or sent again. */
  failures: number;
  /** ms since 1970; null unless pending. */
  due_at: number | null;
  last_at: number | null;
  last_origin: string | null;
  last_status: number | null;
  last_error: string | null;
};

/** A letter about a result that isn't written yet is held back. */
const isReady = "state = 'pending' AND (type <> 'session.finalized' OR ?)";

export class Outbox {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Writes a letter. Part of the caller's transaction. @returns the ids of pending ones that had to go for it. */
  add(payload: WebhookPayload): string[] {
    const now = this.#db.now();
    this.#db.sql.exec(
      `INSERT INTO webhook_deliveries (delivery_id, type, event_id, created_at, payload, state, attempts, failures, due_at)
       VALUES (?, ?, ?, ?, ?, 'pending', 0, 0, ?)`,
      `msg_${crypto.randomUUID()}`,
      payload.type,
      payload.data.event.event_id,
      now,
      JSON.stringify(payload),
      now,
    );
    return this.#trim();
  }

  /** The letter that is due first. @param isWritten whether the result is. */
  firstDue(now: number, isWritten: boolean): DeliveryRow | undefined {
    return this.#rows(`${isReady} AND due_at <= ? ORDER BY due_at, n LIMIT 1`, Number(isWritten), now)[0];
  }

  /** When the next letter is due, ms since 1970. */
  nextDueAt(isWritten: boolean): number | undefined {
    return this.#rows(`${isReady} ORDER BY due_at LIMIT 1`, Number(isWritten))[0]?.due_at ?? undefined;
  }

  /** Notes how a try ended and what follows from it. */
  settle(row: DeliveryRow, origin: string | null, { status, error }: TryOutcome, next: NextStep): void {
    this.#db.sql.exec(
      `UPDATE webhook_deliveries SET state = ?, attempts = attempts + 1, failures = ?, due_at = ?, last_at = ?,
         last_origin = ?, last_status = ?, last_error = ? WHERE delivery_id = ?`,
      next.state,
      error === null ? 0 : row.failures + 1,
      next.dueAt,
      this.#db.now(),
      origin,
      status,
      error,
      row.delivery_id,
    );
  }

  /** Makes a letter due now, with all its tries before it. @returns whether there is one. */
  resend(deliveryId: string): boolean {
    const { rowsWritten } = this.#db.sql.exec(
      "UPDATE webhook_deliveries SET state = 'pending', failures = 0, due_at = ? WHERE delivery_id = ?",
      this.#db.now(),
      deliveryId,
    );
    return rowsWritten > 0;
  }

  find(deliveryId: string): DeliveryRow | undefined {
    return this.#rows("delivery_id = ?", deliveryId)[0];
  }

  /** Newest first. */
  all(): DeliveryRow[] {
    return this.#rows("1 ORDER BY n DESC");
  }

  /** What was delivered goes first, then the dead, then the oldest of those that wait. */
  #trim(): string[] {
    const { n } = this.#db.sql.exec<{ n: number }>("SELECT count(*) AS n FROM webhook_deliveries").one();
    if (n <= limits.maxWebhookDeliveries) return [];
    return this.#db.sql
      .exec<{ delivery_id: string; state: string }>(
        `DELETE FROM webhook_deliveries WHERE n IN (
           SELECT n FROM webhook_deliveries
           ORDER BY CASE state WHEN 'delivered' THEN 0 WHEN 'dead' THEN 1 ELSE 2 END, n LIMIT ?)
         RETURNING delivery_id, state`,
        n - limits.maxWebhookDeliveries,
      )
      .toArray()
      .filter(({ state }) => state === "pending")
      .map(({ delivery_id }) => delivery_id);
  }

  #rows(where: string, ...values: (string | number)[]): DeliveryRow[] {
    return this.#db.sql
      .exec<DeliveryRow>(
        `SELECT delivery_id, type, event_id, created_at, payload, state, attempts, failures, due_at, last_at,
           last_origin, last_status, last_error FROM webhook_deliveries WHERE ${where}`,
        ...values,
      )
      .toArray();
  }
}

/** A row as a caller may see it. */
export function deliveryOf(row: DeliveryRow, isWritten: boolean): Delivery {
  const isHeld = row.type === "session.finalized" && !isWritten;
  return {
    delivery_id: row.delivery_id,
    type: webhookTypeSchema.parse(row.type),
    event_id: row.event_id,
    created_at: new Date(row.created_at).toISOString(),
    state: deliveryStateSchema.parse(row.state),
    attempts: row.attempts,
    last_at: timeOf(row.last_at),
    last_origin: row.last_origin,
    last_status: row.last_status,
    last_error: errorOf(row.last_error),
    next_at: isHeld ? null : timeOf(row.due_at),
  };
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function errorOf(text: string | null): DeliveryError | null {
  return text === null ? null : deliveryErrorSchema.parse(text);
}
