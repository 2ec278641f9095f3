/** One writer at a time over all tabs of a site. */
import { OutboxLockedError } from "../capture/outbox.ts";

/** @returns null outside a secure context, and in old browsers, whatever the types say. */
export function browserLocks(): LockManager | null {
  return (navigator as { locks?: LockManager }).locks ?? null;
}

/**
 * Holds the lock of an outbox, if nobody does.
 * @returns what gives it free, and resolves when it is. Rejects with OutboxLockedError while it is held.
 */
export async function takeLock(name: string, locks: LockManager | null): Promise<() => Promise<void>> {
  if (!locks) return () => Promise.resolve();
  const held = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<boolean>();
  const whole = locks.request(`roomtone-outbox:${name}`, { ifAvailable: true }, (lock) => {
    asked.resolve(lock !== null);
    return lock === null ? undefined : held.promise;
  });
  whole.catch(asked.reject);
  if (!(await asked.promise)) {
    throw new OutboxLockedError(`another tab captures into ${name}; close it, or use another name`);
  }
  return async () => {
    held.resolve();
    await whole;
  };
}
