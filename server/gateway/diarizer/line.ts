/**
 * Windows are resolved one at a time by all rooms of a thread, with time for others between two of them. Rooms whose meetings began
 * together have their windows due together: a hundred of them in a row would keep every ack waiting for seconds, while spread over
 * the time until the next ones are due they keep none.
 *
 * Each takes a place on a time line that all rooms share, rather than waiting for the one before it: a room must not depend on another
 * one's being alive.
 */
import { giveWay, wait } from "../../shared/lib/wait.ts";

/** After a window, the thread is left to others for as long as the window took. */
const spacing = 2;
/** Where the line is so long, ms, that the next windows come due before its end, windows follow each other at once. */
const longLineMs = 1_000;
/** Places are not given out further ahead than this, ms: far less than a room waits for an answer. */
const maxLineMs = 3_000;
const firstGuessMs = 10;

export interface Line {
  /** Resolves when it is the caller's turn. */
  readonly turn: () => Promise<void>;
  /** A window took so long, ms: the next places are as far apart. */
  readonly took: (ms: number) => void;
}

/** @param now a clock in ms that only goes on. */
export function createLine(now: () => number, sleep: (ms: number) => Promise<void> = wait): Line {
  let freeAt = 0;
  let usualMs = firstGuessMs;
  return {
    turn: () => {
      const at = Math.max(now(), freeAt);
      const ahead = at - now();
      freeAt = Math.min(at + usualMs * (ahead > longLineMs ? 1 : spacing), now() + maxLineMs);
      return ahead > 0 ? sleep(ahead) : giveWay();
    },
    took: (ms) => {
      usualMs += (ms - usualMs) / 8;
    },
  };
}
