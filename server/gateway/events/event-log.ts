/** The append-only event log (S2): numbered from 1 without holes, in the room's SQLite. */
import { type EventBody, eventBodySchema, type EventType, type RoomEvent } from "../../../schemas/speech/events.ts";
import type { Database } from "../../shared/lib/sql.ts";

type EventRow = { event_id: number; at: number; body: string };

export class EventLog {
  readonly #db: Database;
  readonly #onAppend: (event: RoomEvent) => void;

  /**
   * @param onAppend called after each append, inside the step that appends: what it reads may yet be undone, and what
   *   it writes is kept if and only if the event is.
   */
  constructor(db: Database, onAppend: (event: RoomEvent) => void = () => {}) {
    this.#db = db;
    this.#onAppend = onAppend;
  }

  append(body: EventBody): void {
    const event_id = this.count + 1;
    const now = this.#db.now();
    this.#db.transaction(() => {
      this.#db.sql.exec(
        "INSERT INTO events (event_id, at, body) VALUES (?, ?, ?)",
        event_id,
        now,
        JSON.stringify(body),
      );
      this.#onAppend({ event_id, at: new Date(now).toISOString(), ...body });
    });
  }

  /** The number of events, and the last one's id. */
  get count(): number {
    return this.#db.sql.exec<{ n: number }>("SELECT coalesce(max(event_id), 0) AS n FROM events").one().n;
  }

  /** The events after `after` in order, at most `max`. */
  page(after: number, max: number): RoomEvent[] {
    return this.#read("event_id > ? ORDER BY event_id LIMIT ?", after, max);
  }

  /** All events in order. */
  all(): RoomEvent[] {
    return this.#read("1 ORDER BY event_id");
  }

  /** The events of some types, in order. */
  ofTypes(types: readonly EventType[]): RoomEvent[] {
    return this.#read(`type IN (${types.map(() => "?").join(", ")}) ORDER BY event_id`, ...types);
  }

  find(eventId: number): RoomEvent | undefined {
    return this.#read("event_id = ?", eventId)[0];
  }

  /** The last event of a type on a track. */
  lastOf(type: EventType, track: string): RoomEvent | undefined {
    return this.#read("type = ? AND json_extract(body, '$.track') = ? ORDER BY event_id DESC LIMIT 1", type, track)[0];
  }

  /** The last event that says who spoke somewhere on a track. */
  lastPlaced(): RoomEvent | undefined {
    return this.#read(
      "type = 'speaker.resolved' AND json_extract(body, '$.track') IS NOT NULL ORDER BY event_id DESC LIMIT 1",
    )[0];
  }

  /** Who was resolved in a stretch of a track, later corrections not applied. */
  resolvedBetween(track: string, fromMs: number, toMs: number): RoomEvent[] {
    return this.#read(
      `type = 'speaker.resolved' AND json_extract(body, '$.track') = ? AND json_extract(body, '$.to_seq') * 1000 > ?
       AND (json_extract(body, '$.from_seq') - 1) * 1000 < ? ORDER BY event_id`,
      track,
      fromMs,
      toMs,
    );
  }

  #read(where: string, ...values: (string | number)[]): RoomEvent[] {
    return this.#db.sql
      .exec<EventRow>(`SELECT event_id, at, body FROM events WHERE ${where}`, ...values)
      .toArray()
      .map((row) => ({
        event_id: row.event_id,
        at: new Date(row.at).toISOString(),
        ...eventBodySchema.parse(JSON.parse(row.body)),
      }));
  }
}
