/**
 * While chunks come in faster than they are spoken, a window is followed by a pause: on one thread the work for a window is time
 * that acks wait (K7). What piles up meanwhile is made up for as soon as the rush is over, and then too the thread looks at its sockets
 * between two windows: the embedded resolver answers within the process, and hundreds of windows in a row would be one long turn.
 */
import { giveWay, wait } from "../../shared/lib/wait.ts";
import type { Tracks } from "../tracks/tracks.ts";

/** Chunks that come while one window is resolved from which on it is a rush: a client catches up. */
const rushChunks = 2;
/** In a rush, the pause after a window is so many times as long as the work on it, up to a bound. */
const pausePerWork = 4;
const maxPauseMs = 500;

export async function inTurnWithIngest(tracks: Pick<Tracks, "rows">, work: () => Promise<void>): Promise<void> {
  const received = (): number => tracks.rows().reduce((sum, { received_chunks }) => sum + received_chunks, 0);
  const before = received();
  const start = performance.now();
  await work();
  if (received() - before < rushChunks) return giveWay();
  await wait(Math.min(maxPauseMs, (performance.now() - start) * pausePerWork));
}
