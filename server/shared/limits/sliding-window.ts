/**
 * How many requests in any window of time: a sliding window of counters. The time is cut into slots of a sixtieth of the
 * window; a request is admitted while the slots that the window up to now touches hold fewer than the limit.
 *
 * It holds: in any `windowMs` at most `limit` requests are admitted, never one more. The price is the resolution: the slot
 * that the window's far end cuts through counts whole, so a request counts for up to a sixtieth longer than the window.
 * Whoever asks evenly gets at least 60/61 of the limit.
 *
 * Why not a log of the requests, which would be exact both ways: it holds a number for each, and a limit may be a million.
 * Why not the usual two counters that are weighed against each other: they guess that requests come evenly, and let nearly
 * twice the limit through where they don't.
 *
 * A refused request does not count, so whoever goes on asking is not shut out for good. A clock that goes backwards shuts
 * nobody out for longer than a window and a slot; one that jumps forwards gives one new window. No platform, no clock here.
 */

/** Slots of one window. */
const resolution = 60;

/** What was admitted. Plain data: it is stored as it is. At most `resolution + 1` slots. */
export interface RateWindow {
  readonly windowMs: number;
  /** Slot number (time since 1970 in slots) and what was admitted in it, oldest first. */
  readonly slots: readonly (readonly [slot: number, count: number])[];
}

export interface RateLimit {
  /** Requests in any `windowMs`, at least 1. */
  readonly limit: number;
  readonly windowMs: number;
}

export interface RateAnswer {
  readonly allowed: boolean;
  readonly limit: number;
  /** Requests that would be admitted now, after this one. */
  readonly remaining: number;
  /** Until all of the limit is to be had again, if nothing more is asked. */
  readonly resetMs: number;
  /** Until one more request is admitted; 0 where one is now. */
  readonly retryAfterMs: number;
}

/**
 * Takes one request of the limit.
 * @param window what was admitted before; null: nothing.
 * @param now ms since 1970, whole.
 * @returns the answer, and the window to keep: the same object where there is nothing new to keep.
 */
export function takeOne(
  window: RateWindow | null,
  now: number,
  { limit, windowMs }: RateLimit,
): { readonly window: RateWindow | null; readonly answer: RateAnswer } {
  const current = window && refit(window, now, windowMs);
  const before = current ? inSight(current, now) : [];
  const used = total(before);
  const allowed = used < limit;
  const slots = allowed ? withOneMore(before, slotAt(now, windowMs)) : before;
  const after = { windowMs, slots };
  const remaining = Math.max(0, limit - total(slots));
  const answer = {
    allowed,
    limit,
    remaining,
    resetMs: Math.max(0, idleAt(after) - now),
    retryAfterMs: remaining > 0 ? 0 : untilOneFits(after, now, limit),
  };
  return { window: allowed ? after : current, answer };
}

/** When nothing of it counts any more, ms since 1970. */
export function idleAt(window: RateWindow): number {
  const newest = window.slots.at(-1);
  return newest ? freeAt(newest[0], window.windowMs) : 0;
}

function slotLengthMs(windowMs: number): number {
  return Math.max(1, Math.ceil(windowMs / resolution));
}

function slotAt(now: number, windowMs: number): number {
  return Math.floor(now / slotLengthMs(windowMs));
}

/** The first ms at which a window that ends there does not touch the slot. */
function freeAt(slot: number, windowMs: number): number {
  return (slot + 1) * slotLengthMs(windowMs) + windowMs - 1;
}

function inSight({ windowMs, slots }: RateWindow, now: number): RateWindow["slots"] {
  return slots.filter(([slot]) => freeAt(slot, windowMs) > now);
}

/**
 * The window as this clock and this length of window would have it. Slots that lie ahead (the clock went backwards) are taken
 * for the present one; slots of another length become those in which they ended. Either way nothing is forgotten.
 */
function refit(window: RateWindow, now: number, windowMs: number): RateWindow {
  const newest = window.slots.at(-1)?.[0] ?? 0;
  const present = slotAt(now, windowMs);
  if (window.windowMs === windowMs && newest <= present) return window;
  const oldLengthMs = slotLengthMs(window.windowMs);
  const counts = new Map<number, number>();
  for (const [slot, count] of window.slots) {
    const moved = window.windowMs === windowMs ? slot : slotAt((slot + 1) * oldLengthMs - 1, windowMs);
    const fitted = Math.min(moved, present);
    counts.set(fitted, (counts.get(fitted) ?? 0) + count);
  }
  return { windowMs, slots: [...counts] };
}

function withOneMore(slots: RateWindow["slots"], present: number): RateWindow["slots"] {
  const newest = slots.at(-1);
  if (newest?.[0] !== present) return [...slots, [present, 1]];
  return [...slots.slice(0, -1), [present, newest[1] + 1]];
}

function untilOneFits({ windowMs, slots }: RateWindow, now: number, limit: number): number {
  let left = total(slots);
  for (const [slot, count] of slots) {
    left -= count;
    if (left < limit) return freeAt(slot, windowMs) - now;
  }
  return 0;
}

function total(slots: RateWindow["slots"]): number {
  return slots.reduce((sum, [, count]) => sum + count, 0);
}
