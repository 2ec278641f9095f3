/** Why chunks are missing, as far as it is known: what clients declared, and which chunks came and were refused. */
import { limits } from "../../../schemas/limits.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import type { GapNote } from "./gap-causes.ts";

const add = stmt<[track: string, fromSeq: number, toSeq: number, cause: GapNote["cause"], maxNotes: number]>(
  `INSERT OR IGNORE INTO gap_notes (track, from_seq, to_seq, cause) SELECT ?1, ?2, ?3, ?4
   WHERE (SELECT count(*) FROM gap_notes WHERE track = ?1) < ?5`,
);
const notesOf = stmt<[track: string], GapNote>(
  `SELECT from_seq, to_seq, cause FROM gap_notes WHERE track = ?
   ORDER BY cause = 'rejected' DESC, from_seq, to_seq, cause`,
);

export class GapNotes {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Notes a cause. The same twice is one note; beyond the limit none is taken: the gap is then `never_sent`. */
  add(track: string, { from_seq, to_seq, cause }: GapNote): void {
    add.run(this.#db, track, from_seq, to_seq, cause, limits.maxGapNotes);
  }

  /** A track's notes. What a client declared comes last, since it knows best. */
  of(track: string): GapNote[] {
    return notesOf.all(this.#db, track);
  }
}
