/**
 * A user's lock: one device holds it, for half a minute, for as long as it renews it. Each time that it changes hands its `fence` is
 * one higher, so that who lost it without knowing is refused (SPEC SY5). A clock that jumps ends it early or late, and nothing else.
 */
import { limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";

export interface LockState {
  readonly fence: number;
  readonly holder: string | null;
  readonly expires_at: number;
}
export type LockRefusal = "sync_locked" | "fence_stale";

const read = stmt<[], LockState>("SELECT fence, holder, expires_at FROM lock");
const write = stmt<[number, string | null, number]>("UPDATE lock SET fence = ?, holder = ?, expires_at = ?");

export class SyncLock {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** As it is; `holder` null where it lapsed. */
  get state(): LockState {
    const state = read.one(this.#db);
    return this.#isHeld(state) ? state : { ...state, holder: null };
  }

  /** Takes it, or renews it with the fence that it has. */
  take(deviceId: string, fence: number | undefined): Result<LockState, LockRefusal> {
    const state = read.one(this.#db);
    const isOwn = state.holder === deviceId;
    if (fence !== undefined && (!isOwn || fence !== state.fence)) return err("fence_stale");
    // A device that began anew takes its own lock over: what it was before has the older fence.
    if (fence === undefined && !isOwn && this.#isHeld(state)) return err("sync_locked");
    const expires_at = this.#db.now() + limits.syncLockMs;
    return ok(this.#write({ fence: fence ?? state.fence + 1, holder: deviceId, expires_at }));
  }

  release(deviceId: string, fence: number): Result<LockState, LockRefusal> {
    const state = read.one(this.#db);
    if (fence !== state.fence || state.holder !== deviceId) return err("fence_stale");
    return ok(this.#write({ fence, holder: null, expires_at: 0 }));
  }

  /** Why a push may not go on. One whose fence is the newest may, also once it lapsed: nobody has taken the lock since. */
  refusalOf(fence: number | undefined): LockRefusal | undefined {
    const state = read.one(this.#db);
    if (fence !== undefined) return fence === state.fence ? undefined : "fence_stale";
    return this.#isHeld(state) ? "sync_locked" : undefined;
  }

  #isHeld({ holder, expires_at }: LockState): boolean {
    const left = expires_at - this.#db.now();
    // Further off than it can have been set: the clock went backwards.
    return holder !== null && left > 0 && left <= limits.syncLockMs;
  }

  #write(state: LockState): LockState {
    write.run(this.#db, state.fence, state.holder, state.expires_at);
    return state;
  }
}
