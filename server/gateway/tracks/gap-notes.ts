/** Why chunks are missing, as far as it is known: what clients declared, and which chunks came and were refused. */
import { limits } from "../../../schemas/limits.ts";
import { cachedByKey, type CachedByKey } from "../../shared/lib/cached.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import type { GapNote } from "./gap-causes.ts";

const add = stmt<[track: string, fromSeq: number, toSeq: number, cause: GapNote["cause"]]>(
  "INSERT OR IGNORE INTO gap_notes (track, from_seq, to_seq, cause) VALUES (?, ?, ?, ?)",
);
const countOf = stmt<[track: string], { n: number }>("SELECT count(*) AS n FROM gap_notes WHERE track = ?");
const notesOf = stmt<[track: string], GapNote>(
  `SELECT from_seq, to_seq, cause FROM gap_notes WHERE track = ?
   ORDER BY cause = 'rejected' DESC, from_seq, to_seq, cause`,
);

export class GapNotes {
  readonly #db: Database;
  /** How many each track has: asked for with every frame that is refused. */
  readonly #count: CachedByKey<string, number>;
  /** Asked for with every state; no more than `maxGapNotes` of a track. */
  readonly #notes: CachedByKey<string, readonly GapNote[]>;

  constructor(db: Database) {
    this.#db = db;
    this.#count = cachedByKey(db, (track) => countOf.one(db, track).n);
    this.#notes = cachedByKey(db, (track) => notesOf.all(db, track));
  }

  /** Notes a cause. The same twice is one note; beyond the limit none is taken: the gap is then `never_sent`. */
  add(track: string, { from_seq, to_seq, cause }: GapNote): void {
    const notes = this.#count.get(track);
    if (notes >= limits.maxGapNotes) return;
    if (!add.run(this.#db, track, from_seq, to_seq, cause)) return;
    this.#count.set(track, notes + 1);
    this.#notes.forget(track);
  }

  /** A track's notes. What a client declared comes last, since it knows best. */
  of(track: string): readonly GapNote[] {
    return this.#notes.get(track);
  }
}
