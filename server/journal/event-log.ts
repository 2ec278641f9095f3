/** The append-only event log (S2): numbered from 1 without holes, in the room's SQLite. */
import { type EventBody, eventBodySchema, type RoomEvent } from "../../schemas/events.ts";
import type { Database } from "../lib/sql.ts";

export class EventLog {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  append(body: EventBody): void {
    this.#db.sql.exec(
      "INSERT INTO events (event_id, at, body) VALUES (?, ?, ?)",
      this.count + 1,
      this.#db.now(),
      JSON.stringify(body),
    );
  }

  get count(): number {
    return this.#db.sql.exec<{ n: number }>("SELECT coalesce(max(event_id), 0) AS n FROM events").one().n;
  }

  /** All events in order. */
  all(): RoomEvent[] {
    return this.#db.sql
      .exec<{ event_id: number; at: number; body: string }>("SELECT event_id, at, body FROM events ORDER BY event_id")
      .toArray()
      .map((row) => ({
        event_id: row.event_id,
        at: new Date(row.at).toISOString(),
        ...eventBodySchema.parse(JSON.parse(row.body)),
      }));
  }
}
