/**
 * A number of a caller's. One that is none would be believed: a timeout of NaN ms is over at once, and NaN retries never end.
 * @throws RangeError, before anything is sent.
 */
export function checkNumber(what: string, value: unknown, min: number): void {
  if (typeof value !== "number" || !(value >= min))
    throw new RangeError(`${what} must be ${min} or more, not ${String(value)}`);
}
