/**
 * How far a track is: up to which second all is kept, is in R2, was given to speaker resolve. None of it is stored
 * beside what it follows from, and none of it scans the chunks: it is asked for with every ack and every status.
 */
import type { Database } from "../../shared/lib/sql.ts";
import type { GapStore } from "./gap-store.ts";
import type { TrackRow } from "./track-plan.ts";
import type { WindowStore } from "../speakers/window-store.ts";

export interface WatermarkSources {
  readonly db: Database;
  readonly gaps: Pick<GapStore, "firstSeq">;
  readonly windows: Pick<WindowStore, "firstOpen">;
  /** Throws for a track that was never opened. */
  readonly trackRow: (track: string) => TrackRow;
}

export class Watermarks {
  readonly #sources: WatermarkSources;

  constructor(sources: WatermarkSources) {
    this.#sources = sources;
  }

  /** All up to here are kept. */
  contiguousSeq(track: string): number {
    const { gaps, trackRow } = this.#sources;
    const firstGap = gaps.firstSeq(track);
    return firstGap === null ? trackRow(track).last_seq : firstGap - 1;
  }

  /** All kept ones up to here are in R2. */
  archivedSeq(track: string): number {
    const { db, trackRow } = this.#sources;
    const [row] = db.sql
      .exec<{ seq: number }>("SELECT seq FROM journal WHERE track = ? ORDER BY seq LIMIT 1", track)
      .toArray();
    return row ? row.seq - 1 : trackRow(track).last_seq;
  }

  /** All up to here were given to speaker resolve; less than the track's own mark while late chunks wait. */
  resolvedSeq(track: string): number {
    const { windows, trackRow } = this.#sources;
    return Math.min(trackRow(track).resolved_seq, windows.firstOpen(track) - 1);
  }
}
