/** What tracks ask and tell of speaker resolve, which they know nothing else of: it is given to them from outside. */
export interface ResolveProgress {
  /** The first seq of a window that was passed over and is open again; infinity where there is none. */
  firstOpen(track: string): number;
  /** Windows of the track that were given up. */
  failedCount(track: string): number;
  /** Notes a chunk that came after its window was resolved without it. Called inside the transaction that stores it. */
  addLate(track: string, seq: number): void;
}

/** Where nothing is ever resolved. */
export const noResolve: ResolveProgress = {
  firstOpen: () => Number.POSITIVE_INFINITY,
  failedCount: () => 0,
  addLate: () => {},
};
