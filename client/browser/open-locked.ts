/** A database that one tab at a time writes, where the browser has Web Locks. */
import { AudioSourceError } from "./audio-source-error.ts";
import { IdbConnection } from "./idb.ts";
import { browserLocks, takeLock } from "./web-lock.ts";

export interface LockedDatabase {
  readonly name: string;
  /** Default: the browser's. */
  readonly indexedDB?: IDBFactory;
  /** Default: the browser's, if it has them; null goes without. */
  readonly locks?: LockManager | null;
}

/**
 * @param create makes the stores of a database that is new.
 * @returns with what lets the next one in. Rejects with OutboxLockedError where another tab has it, AudioSourceError without IndexedDB.
 */
export async function openLocked(
  { name, ...options }: LockedDatabase,
  create: (database: IDBDatabase) => void,
): Promise<{ readonly connection: IdbConnection; readonly unlock: () => Promise<void> }> {
  const indexedDB = options.indexedDB ?? (globalThis as { readonly indexedDB?: IDBFactory }).indexedDB;
  if (!indexedDB) throw new AudioSourceError("unsupported", "This page has no IndexedDB.");
  let connection: IdbConnection | undefined;
  const onLost = (cause: Error): void => void connection?.end(cause);
  const unlock = await takeLock(name, options.locks === undefined ? browserLocks() : options.locks, onLost);
  try {
    connection = await IdbConnection.open(indexedDB, name, create);
  } catch (cause) {
    await unlock();
    throw cause;
  }
  return { connection, unlock };
}
