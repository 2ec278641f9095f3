/**
 * What a device of sync keeps, in IndexedDB: the store `rows` has a row for each key, `bodies` what the gateway has not taken yet. A commit is
 * one transaction, on disk when its promise resolves. One tab at a time has a database, where the browser has Web Locks.
 */
import type { SyncStorage } from "../sync/sync-types.ts";
import { type IdbConnection, requested } from "./idb.ts";
import { type LockedDatabase, openLocked } from "./open-locked.ts";

/** `name` of the database: one for each gateway and user. */
export type IdbSyncStorageOptions = LockedDatabase;

/** Rejects with OutboxLockedError where another tab has it open. */
export async function openIdbSyncStorage(options: IdbSyncStorageOptions): Promise<SyncStorage> {
  const { connection, unlock } = await openLocked(options, (database) => {
    database.createObjectStore("rows");
    database.createObjectStore("bodies");
  });
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
