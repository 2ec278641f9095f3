/** Which stretch of a track goes to speaker resolve next. Reads the track's rows; decides nothing about when. */
import { expectedSeq, type TrackRow } from "../tracks/track-plan.ts";
import type { Tracks } from "../tracks/tracks.ts";
import type { WindowStore } from "./window-store.ts";

/** Seqs of one resolve, both included. */
export interface ResolveWindow {
  readonly track: string;
  readonly from_seq: number;
  readonly to_seq: number;
  /** Whether it was resolved or given up before: its place behind `resolved_seq`. */
  readonly again: boolean;
}

/** A gap at the front of a window is waited for until the track is this many windows further. */
const gapPatienceWindows = 2;

/** What the plan reads. */
export interface WindowSources {
  readonly tracks: Tracks;
  readonly windows: WindowStore;
}

/**
 * The track's next window that can be resolved now. Windows that were opened again come first, then the one after
 * `resolved_seq`. Windows begin at multiples of `windowChunks`, so that a late chunk finds the one it belongs to.
 * @param final nothing more will come: what is there is resolved, gaps and a short tail included.
 */
export function nextWindow(
  sources: WindowSources,
  track: string,
  windowChunks: number,
  final: boolean,
): ResolveWindow | undefined {
  const trackRow = sources.tracks.row(track);
  if (!trackRow) return undefined;
  return (
    againWindow(sources.windows, trackRow, windowChunks) ?? freshWindow(sources.tracks, trackRow, windowChunks, final)
  );
}

/** Whether a window is still to be resolved: it was neither passed over nor given up since it was planned. */
export function isOpenWindow(
  { tracks, windows }: WindowSources,
  { track, from_seq, to_seq, again }: ResolveWindow,
): boolean {
  if (!again) return (tracks.row(track)?.resolved_seq ?? 0) < from_seq;
  return windows.find(track, from_seq)?.status === "reopened" || windows.hasLate(track, from_seq, to_seq);
}

function againWindow(windows: WindowStore, trackRow: TrackRow, windowChunks: number): ResolveWindow | undefined {
  const { track, resolved_seq: resolved } = trackRow;
  if (windows.firstOpen(track) === Number.POSITIVE_INFINITY) return undefined;
  const late = windows.firstLate(track);
  const reopened = windows.firstReopened(track);
  if (reopened && (late === undefined || reopened.from_seq <= late)) {
    return { track, from_seq: reopened.from_seq, to_seq: reopened.to_seq, again: true };
  }
  if (late === undefined) return undefined;
  const end = alignedEnd(late, windowChunks);
  return { track, from_seq: end - windowChunks + 1, to_seq: Math.min(end, resolved), again: true };
}

function freshWindow(
  tracks: Tracks,
  trackRow: TrackRow,
  windowChunks: number,
  final: boolean,
): ResolveWindow | undefined {
  const { track, last_seq: last, resolved_seq: resolved } = trackRow;
  if (resolved >= last) return undefined;
  const from = resolved + 1;
  const end = alignedEnd(from, windowChunks);
  const isTail = end > expectedSeq(trackRow) && (final || trackRow.end_seq !== null);
  const to = isTail ? last : end;
  if (to > last && !final) return undefined;
  const kept = tracks.kept.count(track, from, to);
  if (kept === to - from + 1) return { track, from_seq: from, to_seq: to, again: false };
  if (!final && last < end + gapPatienceWindows * windowChunks) return undefined;
  if (kept > 0) return { track, from_seq: from, to_seq: Math.min(to, last), again: false };
  // Nothing at all is kept here: go to the window that has something, be the gap a day long.
  const next = tracks.kept.next(track, from) ?? last;
  const start = alignedEnd(next, windowChunks) - windowChunks + 1;
  return freshWindow(tracks, { ...trackRow, resolved_seq: start - 1 }, windowChunks, final);
}

/** The last seq of the window that holds `seq`. */
function alignedEnd(seq: number, windowChunks: number): number {
  return Math.ceil(seq / windowChunks) * windowChunks;
}
