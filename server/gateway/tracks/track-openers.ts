/** Whose frames opened which tracks: a caller has a share of a session's tracks, also once it has left. */
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";

const add = stmt<[track: string, subject: string]>(
  "INSERT OR IGNORE INTO track_openers (track, subject) VALUES (?, ?)",
);
const countOf = stmt<[subject: string], { n: number }>("SELECT count(*) AS n FROM track_openers WHERE subject = ?");

export class TrackOpeners {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @param subject as limits tell callers apart. */
  note(track: string, subject: string): void {
    add.run(this.#db, track, subject);
  }

  /** Tracks that the caller opened. Those of an earlier version are nobody's. */
  count(subject: string): number {
    return countOf.one(this.#db, subject).n;
  }
}
