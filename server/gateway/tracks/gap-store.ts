/** The rows of `gaps`: for every track, the ranges of seconds expected and not kept. */
import type { Database } from "../../shared/lib/sql.ts";
import type { Gap, GapChange } from "./track-plan.ts";

type GapRow = { from_seq: number; to_seq: number };

export class GapStore {
  readonly #sql: SqlStorage;
  /** Start of each track's first gap, null where it has none; filled when asked for. */
  readonly #first = new Map<string, number | null>();

  constructor(db: Database) {
    this.#sql = db.sql;
  }

  /** Where the track's first gap begins. Asked for every ack. */
  firstSeq(track: string): number | null {
    let first = this.#first.get(track);
    if (first === undefined) {
      const [row] = this.#sql
        .exec<GapRow>("SELECT from_seq, to_seq FROM gaps WHERE track = ? ORDER BY from_seq LIMIT 1", track)
        .toArray();
      first = row?.from_seq ?? null;
      this.#first.set(track, first);
    }
    return first;
  }

  /** The gap that begins at or before `seq`, nearest to it. */
  atOrBefore(track: string, seq: number): Gap | undefined {
    const [row] = this.#sql
      .exec<GapRow>(
        "SELECT from_seq, to_seq FROM gaps WHERE track = ? AND from_seq <= ? ORDER BY from_seq DESC LIMIT 1",
        track,
        seq,
      )
      .toArray();
    return row;
  }

  /** The track's gaps in order; adjacent ones as one. At most `max` of them. */
  ranges(track: string, max: number): [number, number][] {
    const ranges: [number, number][] = [];
    for (const gap of this.#sql.exec<GapRow>(
      "SELECT from_seq, to_seq FROM gaps WHERE track = ? ORDER BY from_seq",
      track,
    )) {
      const last = ranges.at(-1);
      if (last && last[1] + 1 === gap.from_seq) last[1] = gap.to_seq;
      else if (ranges.length === max) break;
      else ranges.push([gap.from_seq, gap.to_seq]);
    }
    return ranges;
  }

  /** What the track's gaps have in common with a range, in order. */
  within(track: string, from: number, to: number): Gap[] {
    return this.#sql
      .exec<GapRow>(
        `SELECT max(from_seq, ?2) AS from_seq, min(to_seq, ?3) AS to_seq FROM gaps
         WHERE track = ?1 AND from_seq <= ?3 AND to_seq >= ?2 ORDER BY from_seq`,
        track,
        from,
        to,
      )
      .toArray();
  }

  /** Call inside the transaction that changes the ledger. */
  apply(track: string, change: GapChange): void {
    if (change.remove.length === 0 && change.add.length === 0) return;
    // Forgotten before the write: if the step is rolled back, the next question reads what is there.
    this.#first.delete(track);
    for (const gap of change.remove) {
      this.#sql.exec("DELETE FROM gaps WHERE track = ? AND from_seq = ?", track, gap.from_seq);
    }
    for (const { from_seq, to_seq } of change.add) {
      this.#sql.exec("INSERT INTO gaps (track, from_seq, to_seq) VALUES (?, ?, ?)", track, from_seq, to_seq);
    }
  }
}
