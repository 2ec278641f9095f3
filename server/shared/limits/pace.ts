/**
 * How fast one track may bring audio: the generic cell rate algorithm (GCRA; ITU-T I.371, annex A, the virtual scheduling
 * form). A cell is one chunk, so one second of audio. The whole state is a number, which the caller keeps in the track's row.
 *
 * It holds: by a clock that does not go backwards, in any `t` seconds at most `burstSeconds + factor × t` chunks are admitted.
 * A clock that goes backwards gives one chunk for each time it does; one that goes forwards gives what `t` gives, so one burst
 * at most. A client that sends no faster than real time, however late, is never refused while it lies less than
 * `burstSeconds` behind.
 *
 * It knows no platform and no clock.
 */
import { limits } from "../../../schemas/limits.ts";

export interface Pace {
  /** Seconds of audio taken in one second, once the burst is used up. At least 1. */
  readonly factor: number;
  /** Seconds of audio taken at any speed. At least 1. */
  readonly burstSeconds: number;
}

/** `paceMs` of an admitted second is the new state. `retryAfterMs` is above 0. */
export type PaceAnswer =
  | { readonly ok: true; readonly paceMs: number }
  | { readonly ok: false; readonly retryAfterMs: number };

/**
 * Times are multiples of 1/1,024 ms, which a double holds exactly next to the ms since 1970: however many seconds are added
 * up, nothing drifts. The interval is rounded up, so a factor is kept exactly or to 0.1 % below, never above.
 */
const ticksPerMs = 1_024;

/**
 * @param paceMs what the last admitted second of the track answered: the theoretical arrival time of the next one, ms since
 *   1970. Null where there was none.
 * @param now ms since 1970.
 */
export function admitSecond(paceMs: number | null, now: number, { factor, burstSeconds }: Pace): PaceAnswer {
  const intervalMs = Math.ceil((1_000 / factor) * ticksPerMs) / ticksPerMs;
  const toleranceMs = (burstSeconds - 1) * intervalMs;
  const arrivalMs = Math.max(now, clamp(paceMs ?? now, now, toleranceMs, intervalMs));
  if (arrivalMs <= now + toleranceMs) return { ok: true, paceMs: arrivalMs + intervalMs };
  // Not when one second fits but when a whole window does: a client that comes back has up to that many frames in flight.
  // Told the time of one, it would have all the others refused, and would send each of them again and again.
  const windowFrames = Math.min(limits.maxInFlightFrames, burstSeconds);
  const windowFitsMs = arrivalMs + (windowFrames - 1) * intervalMs - toleranceMs;
  return { ok: false, retryAfterMs: Math.ceil(windowFitsMs - now) };
}

/**
 * No admitted second leaves the state further ahead than the whole burst. What lies beyond was written by a clock that has
 * gone backwards since, or under other limits: it counts as the most that still lets one second in, since the caller keeps
 * only the state of what was admitted, and a refusal would be found again, as far ahead, by the next second.
 */
function clamp(paceMs: number, now: number, toleranceMs: number, intervalMs: number): number {
  return paceMs > now + toleranceMs + intervalMs ? now + toleranceMs : paceMs;
}
