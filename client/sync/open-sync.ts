/** `client.sync()`: the sync client over the gateway's HTTP, with this machine's clock and random ids. */
import type { Caller } from "../results/caller.ts";
import { RoomtoneHttpError } from "../results/results-errors.ts";
import { pause, retryDelayMs } from "../results/retry.ts";
import { limits } from "../../schemas/limits.ts";
import { httpTransport } from "./http-transport.ts";
import { memorySyncStorage } from "./memory-storage.ts";
import { SyncClient } from "./sync-client.ts";
import type { SyncEvents, SyncStorage } from "./sync-types.ts";

export interface SyncOptions extends SyncEvents {
  /** Where the device keeps what it has not sent: `openFileSyncStorage`, `openIdbSyncStorage`; in memory without it. */
  readonly storage?: SyncStorage;
  /** Of a device that is new: its name among the user's devices. Random without it. */
  readonly deviceId?: string;
}

/** @param caller that sends each request once. */
export function openSync(caller: Caller, attempts: number, options: SyncOptions = {}): Promise<SyncClient> {
  const { storage = memorySyncStorage(), deviceId, ...events } = options;
  return SyncClient.open(
    {
      ...events,
      storage,
      transport: httpTransport(caller),
      now: () => Date.now(),
      newId: () => crypto.randomUUID(),
      pause,
      delayMs: (cause, attempt) =>
        isLocked(cause) ? (cause.retryAfterMs ?? limits.syncLockMs) : retryDelayMs(cause, attempt, Math.random()),
      attempts,
    },
    deviceId,
  );
}

/** Another device holds the lock, for half a minute at most unless it renews it. */
function isLocked(cause: unknown): cause is RoomtoneHttpError {
  return cause instanceof RoomtoneHttpError && cause.code === "sync_locked";
}
