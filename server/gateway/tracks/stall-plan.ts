/** Which tracks have stalled, and when to look again. Pure: no storage, no clock but the one passed in. */

/** What is known of a track when the alarm goes off. Times are ms since 1970. */
export interface TrackActivity {
  readonly track: string;
  readonly lastSeq: number;
  /** When its last chunk was kept, or when it was opened. */
  readonly lastAt: number;
  /** When it was last said to be stalled. */
  readonly reportedAt: number | undefined;
}

/** The tracks that have stalled now, and when the next of the others could have. */
export function planStalls(
  tracks: readonly TrackActivity[],
  now: number,
  afterMs: number,
): { stalled: TrackActivity[]; nextAt: number | undefined } {
  // Once a stall; a chunk later than the report begins anew.
  const active = tracks.filter(({ lastAt, reportedAt }) => reportedAt === undefined || reportedAt <= lastAt);
  const dueAts = active.map(({ lastAt }) => lastAt + afterMs).filter((at) => at > now);
  return {
    stalled: active.filter(({ lastAt }) => lastAt + afterMs <= now),
    nextAt: dueAts.length > 0 ? Math.min(...dueAts) : undefined,
  };
}
