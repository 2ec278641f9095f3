/**
 * Whether something failed because no byte more can be stored: the disk of this machine is full, or a room's database is as large
 * as it may be. Nothing that was stored is lost by it, and nothing new can be kept until there is space (SPEC L13).
 */

/** When to come again: space is made by people. */
export const storageFullRetryMs = 30_000;
/** A platform that can't so much as open a file says that it failed and not why; it is put down to what it said just before. */
const rememberedMs = 60_000;
let saidAt = Number.NEGATIVE_INFINITY;

export function isStorageFull(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  if (/\bSQLITE_FULL\b/.test(cause.message)) {
    saidAt = performance.now();
    return true;
  }
  if (/^internal error; reference\b/.test(cause.message)) return performance.now() - saidAt < rememberedMs;
  return isStorageFull(cause.cause);
}
