/**
 * How far a track is: up to which chunk all is kept, is in R2, was given to speaker resolve. None of it is stored beside what
 * it follows from, and none of it scans the chunks: it is asked for with every ack and every status.
 */
import type { GapStore } from "./gap-store.ts";
import type { ResolveProgress } from "./resolve-progress.ts";
import type { TrackRow } from "./track-plan.ts";
import type { Unarchived } from "./unarchived.ts";

export interface WatermarkSources {
  readonly unarchived: Pick<Unarchived, "firstSeq">;
  readonly gaps: Pick<GapStore, "firstSeq">;
  readonly resolve: Pick<ResolveProgress, "firstOpen">;
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
    const { unarchived, trackRow } = this.#sources;
    const pending = unarchived.firstSeq(track);
    return pending === undefined ? trackRow(track).last_seq : pending - 1;
  }

  /** All up to here were given to speaker resolve; less than the track's own mark while late chunks wait. */
  resolvedSeq(track: string): number {
    const { resolve, trackRow } = this.#sources;
    return Math.min(trackRow(track).resolved_seq, resolve.firstOpen(track) - 1);
  }
}
