/**
 * Each track's origin: the wall clock of its first sample (E4). What the room makes of the first chunk is a row; what a person
 * says goes before it, and is in the event log alone.
 */
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import type { TrackOrigin } from "../../../schemas/wire/messages.ts";
import { cached, type Cached } from "../../shared/lib/cached.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import { type Arrival, caughtUpOrigin, firstOrigin, type OriginRow } from "./origin-plan.ts";

const readAll = stmt<[], OriginRow & { readonly track: string }>(
  "SELECT track, origin_ms, source, client_ms FROM track_origins ORDER BY track",
);
const save = stmt<[track: string, originMs: number, source: string, clientMs: number]>(
  "INSERT OR REPLACE INTO track_origins (track, origin_ms, source, client_ms) VALUES (?, ?, ?, ?)",
);

/** What people said of the tracks' origins, the last of each; null where they took it back. */
export type SetOrigins = ReadonlyMap<string, number | null>;

/** @param events of type `track.origin`, in order. */
export function originsIn(events: readonly RoomEvent[]): SetOrigins {
  return new Map(events.flatMap(({ track, origin_ms }) => (track === undefined ? [] : [[track, origin_ms ?? null]])));
}

export class TrackOrigins {
  readonly #db: Database;
  /** As many as the session has tracks. */
  readonly #rows: Cached<Map<string, OriginRow>>;
  readonly #set: Cached<SetOrigins>;

  /** @param readSet what the event log says. */
  constructor(db: Database, readSet: () => SetOrigins) {
    this.#db = db;
    this.#rows = cached(db, () => new Map(readAll.all(db).map((row) => [row.track, row])));
    this.#set = cached(db, readSet);
  }

  /** Nulls before the track's first chunk, and for tracks that an earlier version opened. */
  of(track: string): TrackOrigin {
    const set = this.#set.get().get(track);
    if (set != null) return { origin_ms: set, origin_source: "set" };
    const row = this.#rows.get().get(track);
    return row ? { origin_ms: row.origin_ms, origin_source: row.source } : { origin_ms: null, origin_source: null };
  }

  /** A person said something new. */
  forgetSet(): void {
    this.#set.forget();
  }

  /** Call inside the transaction that keeps a chunk. @param isFirst whether it is the first that the track has. */
  chunkKept(track: string, arrival: Arrival, isFirst: boolean): void {
    const rows = this.#rows.get();
    const row = rows.get(track);
    if (!row && !isFirst) return;
    const next = row ? caughtUpOrigin(row, arrival) : firstOrigin(arrival, [...rows.values()]);
    if (!next) return;
    save.run(this.#db, track, next.origin_ms, next.source, next.client_ms);
    rows.set(track, next);
  }
}
