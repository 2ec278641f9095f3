/** Waiting that ends. A timer is cleared as soon as it is not needed: one that is still to fire keeps a room from sleeping. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/**
 * Waits for a promise at most `ms`. The work behind it goes on; its late outcome is dropped.
 * @param what names the work in the error, or makes the error.
 */
export async function withTimeout<T>(promise: Promise<T>, ms: number, what: string | (() => Error)): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(typeof what === "string" ? new TimeoutError(`${what} took longer than ${ms} ms`) : what());
    }, ms);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}

/** A signal that aborts in `ms`, unless it is cleared. */
export interface Deadline {
  readonly signal: AbortSignal;
  readonly clear: () => void;
}

export function deadlineIn(ms: number): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}
