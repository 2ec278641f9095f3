/** What a waveform shows in each of its columns: the loudest of the tracks, and who speaks there most. Pure. */

interface Peaks {
  /** Where the track begins. */
  readonly offsetMs: number;
  readonly ms_per_point: number;
  readonly peaks: readonly (number | null)[];
}

interface Speaking {
  readonly colour: number;
  readonly turns: readonly { readonly start_ms: number; readonly end_ms: number }[];
}

export interface Column {
  /** 0–255; null where nothing is known. */
  readonly peak: number | null;
  /** The colour of who speaks; undefined: nobody. */
  readonly speaker: number | undefined;
}

export function columnsOf(
  tracks: readonly Peaks[],
  speakers: readonly Speaking[],
  durationMs: number,
  count: number,
): readonly Column[] {
  const msPerColumn = Math.max(1, durationMs) / count;
  const peaks: (number | null)[] = Array.from({ length: count }, () => null);
  for (const { offsetMs, ms_per_point: msPerPoint, peaks: points } of tracks) {
    points.forEach((point, i) => {
      if (point === null) return;
      // A point may be wider than a column, or narrower.
      const from = Math.floor((offsetMs + i * msPerPoint) / msPerColumn);
      const to = Math.max(from + 1, Math.ceil((offsetMs + (i + 1) * msPerPoint) / msPerColumn - 1e-9));
      for (let at = from; at < Math.min(count, to); at += 1) peaks[at] = Math.max(peaks[at] ?? 0, point);
    });
  }
  const spoken = Array.from({ length: count }, () => ({ ms: 0, colour: undefined as number | undefined }));
  for (const { colour, turns } of speakers) {
    for (const { start_ms: start, end_ms: end } of turns) {
      for (let at = Math.max(0, Math.floor(start / msPerColumn)); at < count && at * msPerColumn < end; at += 1) {
        const ms = Math.min(end, (at + 1) * msPerColumn) - Math.max(start, at * msPerColumn);
        const column = spoken[at];
        if (column && ms > column.ms) spoken[at] = { ms, colour };
      }
    }
  }
  return peaks.map((peak, i) => ({ peak, speaker: spoken[i]?.colour }));
}
