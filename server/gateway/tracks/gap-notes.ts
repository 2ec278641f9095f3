/** What is known of why seconds are missing: what clients declared, and which seconds came and were refused. */
import { limits } from "../../../schemas/limits.ts";
import type { Database } from "../../shared/lib/sql.ts";
import type { GapNote } from "./gap-causes.ts";

export class GapNotes {
  readonly #sql: SqlStorage;

  constructor(db: Database) {
    this.#sql = db.sql;
  }

  /** Notes a cause. The same twice is one note; beyond the limit none is taken: the gap is then `never_sent`. */
  add(track: string, { from_seq, to_seq, cause }: GapNote): void {
    this.#sql.exec(
      `INSERT OR IGNORE INTO gap_notes (track, from_seq, to_seq, cause) SELECT ?1, ?2, ?3, ?4
       WHERE (SELECT count(*) FROM gap_notes WHERE track = ?1) < ?5`,
      track,
      from_seq,
      to_seq,
      cause,
      limits.maxGapNotes,
    );
  }

  /** A track's notes. What a client declared comes last, since it knows best. */
  of(track: string): GapNote[] {
    return this.#sql
      .exec<GapNote & Record<string, SqlStorageValue>>(
        `SELECT from_seq, to_seq, cause FROM gap_notes WHERE track = ?
         ORDER BY cause = 'rejected' DESC, from_seq, to_seq, cause`,
        track,
      )
      .toArray();
  }
}
