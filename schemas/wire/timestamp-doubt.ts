/**
 * What a `timestamp_ms` looks like that can't be when its audio was taken (SPEC W18): another unit, another beginning than 1970,
 * the future. Pure. Nothing is put right by it: a clock that is wrong is the client's to mend, and its audio is kept all the same.
 */

/** What is older is no recording that anybody delivers with its time. */
const earliestMs = Date.UTC(2000, 0);
/** Where a number is taken for the present time in another unit. Rows have the seconds before it taken off: a day at most. */
const presentMs = { before: 2 * 31_557_600_000, after: 86_400_000 } as const;
const units = [
  ["seconds", 1_000],
  ["microseconds", 1 / 1_000],
] as const;

/** @param now when it came, ms since 1970. @returns undefined where it counts in ms, as far as can be seen. */
export function otherUnitOf(timestampMs: number, now: number): (typeof units)[number][0] | undefined {
  const isPresent = (ms: number): boolean => ms >= now - presentMs.before && ms <= now + presentMs.after;
  return units.find(([, factor]) => isPresent(timestampMs * factor))?.[0];
}

/** @param maxAheadMs how far a client's clock may be ahead. @returns a sentence for whoever wrote the client; undefined where nothing is odd. */
export function timestampDoubt(timestampMs: number, now: number, maxAheadMs: number): string | undefined {
  const unit = otherUnitOf(timestampMs, now);
  if (unit) return told(`timestamp_ms looks like ${unit}`);
  if (timestampMs < earliestMs)
    return told("timestamp_ms counts from another moment than 1970, or the clock is not set");
  return timestampMs > now + maxAheadMs ? told("timestamp_ms lies in the future") : undefined;
}

function told(what: string): string {
  return `${what}. It is the wall clock in ms since 1970, as Date.now() gives it. The audio is kept, and the time it came counts instead.`;
}
