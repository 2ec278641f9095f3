/** The rows of `gaps`: for every track, the ranges of chunks expected and not kept. */
import { cachedByKey, type CachedByKey } from "../../shared/lib/cached.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import type { Gap, GapChange } from "./track-plan.ts";

/** Rows read at a time, at most, where a track may have thousands. */
const pageRows = 256;

const after = stmt<[track: string, seq: number, max: number], Gap>(
  "SELECT from_seq, to_seq FROM gaps WHERE track = ? AND from_seq > ? ORDER BY from_seq LIMIT ?",
);
const nearest = stmt<[track: string, seq: number], Gap>(
  "SELECT from_seq, to_seq FROM gaps WHERE track = ? AND from_seq <= ? ORDER BY from_seq DESC LIMIT 1",
);
/** Gaps don't overlap: of those that begin before the range, the nearest alone may reach into it. */
const cut = stmt<[track: string, from: number, to: number], Gap>(
  `SELECT max(from_seq, ?2) AS from_seq, min(to_seq, ?3) AS to_seq FROM gaps
   WHERE track = ?1 AND to_seq >= ?2 AND from_seq BETWEEN
     coalesce((SELECT max(from_seq) FROM gaps WHERE track = ?1 AND from_seq <= ?2), ?2) AND ?3 ORDER BY from_seq`,
);
const remove = stmt<[track: string, fromSeq: number]>("DELETE FROM gaps WHERE track = ? AND from_seq = ?");
const add = stmt<[track: string, fromSeq: number, toSeq: number]>(
  "INSERT INTO gaps (track, from_seq, to_seq) VALUES (?, ?, ?)",
);

export class GapStore {
  readonly #db: Database;
  /** Start of each track's first gap, null where it has none: asked for with every ack. */
  readonly #first: CachedByKey<string, number | null>;

  constructor(db: Database) {
    this.#db = db;
    this.#first = cachedByKey(db, (track) => after.first(db, track, 0, 1)?.from_seq ?? null);
  }

  /** Where the track's first gap begins; null where it has none. */
  firstSeq(track: string): number | null {
    return this.#first.get(track);
  }

  /** The gap that begins at or before `seq`, nearest to it. */
  atOrBefore(track: string, seq: number): Gap | undefined {
    return nearest.first(this.#db, track, seq);
  }

  /** The track's gaps in order; adjacent ones as one. At most `max` of them, behind a seq. */
  ranges(track: string, max: number, afterSeq = 0): [number, number][] {
    const ranges: [number, number][] = [];
    for (const gap of this.#inOrder(track, afterSeq, Math.min(pageRows, max + 1))) {
      const last = ranges.at(-1);
      if (last && last[1] + 1 === gap.from_seq) last[1] = gap.to_seq;
      else if (ranges.length === max) break;
      else ranges.push([gap.from_seq, gap.to_seq]);
    }
    return ranges;
  }

  /** What the track's gaps have in common with a range, in order. */
  within(track: string, from: number, to: number): Gap[] {
    return cut.all(this.#db, track, from, to);
  }

  /** Call inside the transaction that changes the track's row. */
  apply(track: string, change: GapChange): void {
    if (change.remove.length === 0 && change.add.length === 0) return;
    for (const { from_seq } of change.remove) remove.run(this.#db, track, from_seq);
    for (const { from_seq, to_seq } of change.add) add.run(this.#db, track, from_seq, to_seq);
    this.#first.forget(track);
  }

  *#inOrder(track: string, afterSeq: number, rowsAtOnce: number): Generator<Gap, void, undefined> {
    let from = afterSeq;
    for (;;) {
      const page = after.all(this.#db, track, from, rowsAtOnce);
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < rowsAtOnce) return;
      from = last.from_seq;
    }
  }
}
