/** One writer at a time over all tabs of a site. */
import { OutboxLockedError } from "../capture/outbox.ts";

/** @returns null outside a secure context, and in old browsers, whatever the types say. */
export function browserLocks(): LockManager | null {
  return (navigator as { locks?: LockManager }).locks ?? null;
}

/** A browser frees the lock of a tab that was closed or reloaded some milliseconds after it is gone. */
const graceMs = 1_000;

/**
 * Holds the lock of an outbox, if nobody does.
 * @returns what gives it free, and resolves when it is. Rejects with OutboxLockedError where it stays held.
 */
export async function takeLock(name: string, locks: LockManager | null): Promise<() => Promise<void>> {
  if (!locks) return () => Promise.resolve();
  const held = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  const signal = AbortSignal.timeout(graceMs);
  const whole = locks.request(`roomtone-outbox:${name}`, { signal }, () => {
    taken.resolve();
    return held.promise;
  });
  whole.catch(taken.reject);
  try {
    await taken.promise;
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new OutboxLockedError(`another tab captures into ${name}; close it, or use another name`);
  }
  return async () => {
    held.resolve();
    await whole;
  };
}
