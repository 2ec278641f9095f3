/**
 * The arithmetic of a tenant's audio quota: seconds are reserved in blocks before they are stored, and settled afterwards.
 * A session reports totals (all it stored in its life), never differences. So a call that is repeated, or that comes late,
 * finds that what it asks for is reserved already, and counts nothing. Pure; days are UTC.
 */
const msPerDay = 86_400_000;

export interface LeaseRequest {
  /** Seconds that the session has stored in all: all its tracks, its whole life. */
  readonly storedTotal: number;
  /** Seconds that it wants to be able to store beyond. */
  readonly wanted: number;
  /** Seconds that the tenant may store in a day; null: as many as it likes. */
  readonly quota: number | null;
}

/** The answer to a session. */
export interface LeaseAnswer {
  /** Total up to which it may store. May be less than asked for, never less than at the last answer. */
  readonly upTo: number;
  /** Whether the quota has nothing more today. */
  readonly isExhausted: boolean;
  /** Where exhausted: until 00:00 UTC. Else 0. */
  readonly retryAfterMs: number;
  /** Seconds counted today for the whole tenant, with these. A quota of an earlier version does not say. */
  readonly usedToday?: number;
}

/**
 * @param reserved total reserved for the session so far.
 * @param usedToday seconds counted today for the tenant.
 * @returns the seconds to count now, which are also what the session's reservation grows by. What it stored beyond its
 *   reservation, while it could not ask, counts whatever the quota; what it may yet store, as far as the quota goes.
 */
export function reserve(
  reserved: number,
  usedToday: number,
  { storedTotal, wanted, quota }: LeaseRequest,
): { readonly counted: number; readonly isExhausted: boolean } {
  const debt = Math.max(0, storedTotal - reserved);
  const asked = Math.max(0, storedTotal + wanted - (reserved + debt));
  const left = quota === null ? Infinity : Math.max(0, quota - usedToday - debt);
  const granted = Math.min(asked, left);
  return { counted: debt + granted, isExhausted: left - granted <= 0 };
}

/** @returns the seconds that a session that ends gives back, of those counted for it today; never below 0. */
export function unused(reserved: number, storedTotal: number, countedToday: number): number {
  return Math.max(0, Math.min(reserved - storedTotal, countedToday));
}

/** The UTC day of a time in ms since 1970, as its number since 1970. */
export function dayOf(now: number): number {
  return Math.floor(now / msPerDay);
}

/** `2026-11-21`. */
export function dayName(day: number): string {
  return new Date(day * msPerDay).toISOString().slice(0, 10);
}

/** When a day begins, ms since 1970. */
export function dayStart(day: number): number {
  return day * msPerDay;
}
