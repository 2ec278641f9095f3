/**
 * What a device of sync keeps, in IndexedDB: the store `rows` has a row for each key, `bodies` what the gateway has not taken yet. A commit is
 * one transaction, on disk when its promise resolves. One tab at a time has a database, where the browser has Web Locks.
 */
import type { SyncStorage } from "../sync/sync-types.ts";
import { AudioSourceError } from "./audio-source-error.ts";
import { IdbConnection, requested } from "./idb.ts";
import { browserLocks, takeLock } from "./web-lock.ts";

export interface IdbSyncStorageOptions {
  /** Of the database: one for each gateway and user. */
  readonly name: string;
  /** Default: the browser's. */
  readonly indexedDB?: IDBFactory;
  /** Default: the browser's, if it has them; null goes without. */
  readonly locks?: LockManager | null;
}

/** Rejects with OutboxLockedError where another tab has it open. */
export async function openIdbSyncStorage({ name, ...options }: IdbSyncStorageOptions): Promise<SyncStorage> {
  const indexedDB = options.indexedDB ?? (globalThis as { readonly indexedDB?: IDBFactory }).indexedDB;
  if (!indexedDB) throw new AudioSourceError("unsupported", "This page has no IndexedDB.");
  let connection: IdbConnection | undefined;
  const onLost = (cause: Error): void => void connection?.end(cause);
  const unlock = await takeLock(name, options.locks === undefined ? browserLocks() : options.locks, onLost);
  try {
    connection = await IdbConnection.open(indexedDB, name, (database) => {
      database.createObjectStore("rows");
      database.createObjectStore("bodies");
    });
  } catch (cause) {
    await unlock();
    throw cause;
  }
  return storageOver(connection, unlock);
}

function storageOver(connection: IdbConnection, unlock: () => Promise<void>): SyncStorage {
  return {
    load: () =>
      connection.run(["rows"], "readonly", async (store) => {
        const rows = store("rows");
        const [keys, values] = await Promise.all([requested(rows.getAllKeys()), requested(rows.getAll())]);
        return new Map(keys.map((key, at): [string, unknown] => [typeof key === "string" ? key : "", values[at]]));
      }),
    commit: (batch) =>
      connection.run(["rows"], "readwrite", async (store) => {
        const rows = store("rows");
        for (const [key, value] of batch)
          await (value === null ? requested(rows.delete(key)) : requested(rows.put(value, key)));
      }),
    putBody: (sha256, bytes) =>
      connection.run(["bodies"], "readwrite", async (store) => {
        await requested(store("bodies").put(bytes.slice(), sha256));
      }),
    body: (sha256) =>
      connection.run(["bodies"], "readonly", async (store) => {
        const bytes: unknown = await requested(store("bodies").get(sha256));
        return bytes instanceof Uint8Array ? bytes : undefined;
      }),
    dropBody: (sha256) =>
      connection.run(["bodies"], "readwrite", async (store) => {
        await requested(store("bodies").delete(sha256));
      }),
    close: async () => {
      await connection.end(new Error("The storage of sync is closed."));
      await unlock();
    },
  };
}
