import { TimeoutError } from "../../../schemas/lib/timeout.ts";
import { wait } from "../lib/wait.ts";

/** How long is waited before each further try. */
const pausesMs = [0, 50, 150, 400] as const;

/**
 * Asks D1, and asks again where that fails: it has failures that are over a moment later, on one machine also while its file is made
 * anew after a deletion. For what may happen twice: a read, or a write of the same row.
 *
 * @throws what the last try threw; a TimeoutError at once, since whoever waited that long waits no longer.
 */
export async function tryAgain<T>(ask: () => Promise<T>): Promise<T> {
  for (const pauseMs of pausesMs) {
    try {
      return await ask();
    } catch (cause) {
      if (cause instanceof TimeoutError) throw cause;
      await wait(pauseMs);
    }
  }
  return ask();
}
