/**
 * Connections that talk and bring nothing (SPEC L8). What brings no audio (control messages, bad frames, chunks refused for
 * now) is taken at a pace that no honest client comes near; beyond it the connection is ended, and its caller, coming back for
 * the track, is told to wait before anything that it sends is read. Others are not: nobody can keep another out.
 *
 * In memory alone: a room that sleeps has not been flooded. Bounded: what has become idle is forgotten.
 */
import { limits } from "../../../../schemas/limits.ts";
import { isTokenSubject } from "../../../shared/access/principal.ts";
import { remainingMs } from "../../../shared/lib/cooldown.ts";
import { admitSecond } from "../../../shared/limits/pace.ts";

/** A caller, and the track that it came for; null where that is not known yet. */
export interface Caller {
  readonly subject: string;
  readonly track: string | null;
}

/** Frames of a caller that bring no audio. */
const pace = { factor: limits.maxIdleFramesPerSecond, burstSeconds: limits.idleFramesBurst };
const maxEntries = 256;

export class Floods {
  /** By caller; the state of `admitSecond`. A connection that is opened anew goes on where the one before it was. */
  readonly #spent = new Map<string, number>();
  /** By caller: when it may come again, ms since 1970. */
  readonly #lockedUntil = new Map<string, number>();

  /** Takes one frame that brought nothing. @returns whether it was one too many. */
  isTooMuch(caller: Caller, now: number): boolean {
    // Of a token all tracks together, since it may name as many as it likes; a backend's key streams many at once.
    const key = isTokenSubject(caller.subject) ? caller.subject : keyOf(caller);
    const answer = admitSecond(this.#spent.get(key) ?? null, now, pace);
    if (!answer.ok) return true;
    prune(this.#spent, now);
    this.#spent.set(key, answer.paceMs);
    return false;
  }

  /** A connection of the caller was ended for what it sent. */
  lock(caller: Caller, now: number): void {
    prune(this.#lockedUntil, now);
    this.#lockedUntil.set(keyOf(caller), now + limits.tooManyErrorsRestMs);
  }

  /** How long the caller must still wait; 0 where it need not. A clock that goes backwards locks for no longer. */
  cooldownMs(caller: Caller, now: number): number {
    return remainingMs(this.#lockedUntil.get(keyOf(caller)) ?? 0, now, limits.tooManyErrorsRestMs);
  }
}

function keyOf({ subject, track }: Caller): string {
  return JSON.stringify([subject, track]);
}

/** Forgets what no longer matters, once there is much of it. */
function prune(entries: Map<string, number>, now: number): void {
  if (entries.size < maxEntries) return;
  for (const [key, until] of entries) if (until <= now) entries.delete(key);
}
