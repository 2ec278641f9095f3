/** One writer at a time over all tabs of a site. */
import { deferred } from "../capture/deferred.ts";
import { OutboxLockedError } from "../capture/outbox.ts";

/** @returns null outside a secure context, and in old browsers, whatever the types say. */
export function browserLocks(): LockManager | null {
  return (navigator as { locks?: LockManager }).locks ?? null;
}

/** A browser frees the lock of a tab that was closed or reloaded some milliseconds after the tab is gone. */
const graceMs = 1_000;

/**
 * Holds the lock of an outbox, if nobody does.
 * @param onLost called when another tab took the lock away: from then on this one must not write.
 * @returns what frees the lock, and resolves when it is free. Rejects with OutboxLockedError where it stays held.
 */
export async function takeLock(
  name: string,
  locks: LockManager | null,
  onLost: (cause: Error) => void,
): Promise<() => Promise<void>> {
  if (!locks) return () => Promise.resolve();
  const released = deferred<void>();
  const taken = deferred<void>();
  const signal = AbortSignal.timeout(graceMs);
  const lockedError = (): Error => new OutboxLockedError(`another tab uses ${name}; close it, or use another name`);
  let isTaken = false;
  const over = locks
    .request(`roomtone-outbox:${name}`, { signal }, () => {
      isTaken = true;
      taken.resolve();
      return released.promise;
    })
    .catch((cause: unknown) => {
      if (isTaken) onLost(lockedError());
      else taken.reject(cause);
    });
  try {
    await taken.promise;
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw lockedError();
  }
  return async () => {
    released.resolve();
    await over;
  };
}
