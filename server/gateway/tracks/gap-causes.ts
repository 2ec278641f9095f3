/**
 * Why chunks are missing: each stretch of a gap with its cause. Pure. The notes are put in order once; then a gap takes as many
 * steps as it has stretches, however many gaps and notes there are.
 */
import { firstIndex } from "../../../schemas/lib/bisect.ts";
import type { GapCause } from "../../../schemas/http/gaps.ts";

export interface GapNote {
  readonly from_seq: number;
  readonly to_seq: number;
  readonly cause: Exclude<GapCause, "never_sent">;
}

interface Stretch {
  readonly from_seq: number;
  readonly to_seq: number;
  readonly cause: GapCause;
}

/** The causes that notes give, to be asked for gaps. */
export class GapCauses {
  /** In order, without a hole from the first to the last; beyond them nothing is known. */
  readonly #stretches: readonly Stretch[];
  /** Stretches that were looked at. */
  looked = 0;

  /** @param notes a later one wins. */
  constructor(notes: readonly GapNote[]) {
    this.#stretches = stretchesOf(notes);
  }

  /** Splits a range of missing chunks by cause; neighbours with the same cause are one. */
  of([from, to]: readonly [number, number]): { from_seq: number; to_seq: number; cause: GapCause }[] {
    const parts: { from_seq: number; to_seq: number; cause: GapCause }[] = [];
    const add = (end: number, cause: GapCause): void => {
      const last = parts.at(-1);
      const start = last ? last.to_seq + 1 : from;
      if (start > end) return;
      if (last?.cause === cause) last.to_seq = end;
      else parts.push({ from_seq: start, to_seq: end, cause });
    };
    const all = this.#stretches;
    for (let i = firstIndex(all.length, (at) => (all[at]?.to_seq ?? 0) >= from); i < all.length; i += 1) {
      const stretch = all[i];
      this.looked += 1;
      if (!stretch || stretch.from_seq > to) break;
      // What lies before the first note.
      add(stretch.from_seq - 1, "never_sent");
      add(Math.min(to, stretch.to_seq), stretch.cause);
    }
    add(to, "never_sent");
    return parts;
  }
}

/** The places between the edges of notes, each with the cause of the last note that holds it. */
function stretchesOf(notes: readonly GapNote[]): Stretch[] {
  const edges = [...new Set(notes.flatMap(({ from_seq, to_seq }) => [from_seq, to_seq + 1]))].sort((a, b) => a - b);
  const placeOf = new Map(edges.map((edge, place) => [edge, place]));
  const causes = new Map<number, GapCause>();
  /** For each place, itself or one behind it: on the way to the next that has no cause yet. */
  const next = edges.map((_, place) => place);
  const openFrom = (place: number): number => {
    let open = place;
    for (let after = next[open]; after !== undefined && after !== open; after = next[open]) open = after;
    for (let at = place; at !== open;) {
      const after = next[at] ?? open;
      next[at] = open;
      at = after;
    }
    return open;
  };
  for (const { from_seq, to_seq, cause } of notes.toReversed()) {
    const end = placeOf.get(to_seq + 1) ?? 0;
    for (let place = openFrom(placeOf.get(from_seq) ?? 0); place < end; place = openFrom(place)) {
      causes.set(place, cause);
      next[place] = place + 1;
    }
  }
  return edges.slice(0, -1).map((from_seq, place) => ({
    from_seq,
    to_seq: (edges[place + 1] ?? from_seq + 1) - 1,
    cause: causes.get(place) ?? "never_sent",
  }));
}
