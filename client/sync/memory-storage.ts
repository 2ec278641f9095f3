/** What a device of sync keeps, in memory: gone with the page or the process. */
import type { SyncStorage } from "./sync-types.ts";

export function memorySyncStorage(): SyncStorage {
  const rows = new Map<string, unknown>();
  const bodies = new Map<string, Uint8Array>();
  return {
    load: () => Promise.resolve(new Map(rows)),
    commit: (batch) => {
      for (const [key, value] of batch) {
        if (value === null) rows.delete(key);
        else rows.set(key, value);
      }
      return Promise.resolve();
    },
    putBody: (sha256, bytes) => Promise.resolve(void bodies.set(sha256, bytes.slice())),
    body: (sha256) => Promise.resolve(bodies.get(sha256)),
    dropBody: (sha256) => Promise.resolve(void bodies.delete(sha256)),
    close: () => Promise.resolve(),
  };
}
