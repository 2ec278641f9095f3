/** How long an answer is held open for work that goes on without it. */
import { TimeoutError, withTimeout } from "../../../schemas/lib/timeout.ts";

/** How long a finalize or a deletion is held open before it is answered 202. */
const longAnswerMs = 20_000;

/** Waits for the work, but not for ever: it goes on, and the alarm stands behind it. @throws what the work throws meanwhile. */
export async function forAWhile(work: Promise<void>): Promise<void> {
  try {
    await withTimeout(work, longAnswerMs, "the work");
  } catch (cause) {
    if (!(cause instanceof TimeoutError)) throw cause;
  }
}
