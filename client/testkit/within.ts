import { Failure } from "../../schemas/lib/failure.ts";
import { withTimeout } from "../../schemas/lib/timeout.ts";

/** Settles as `work` does, or rejects with `sentence` after `timeoutMs`. `work` itself is not stopped. */
export function within<T>(timeoutMs: number, work: Promise<T>, sentence: string): Promise<T> {
  return withTimeout(work, timeoutMs, () => new Failure(sentence));
}
