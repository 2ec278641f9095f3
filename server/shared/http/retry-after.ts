/**
 * When a service says that it may be asked again: seconds in digits, or a date (RFC 9110 §10.2.3), which is of the service's own clock and
 * counts from the `Date` of the same answer, however wrong that is.
 * @returns ms from `now`, which may have passed; undefined where it says nothing.
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const said = headers.get("retry-after") ?? "";
  if (/^\d+$/.test(said)) return Number(said) * 1_000;
  const at = /^[A-Z][a-z]{2}[a-z]*, /.test(said) ? Date.parse(said) : Number.NaN;
  if (Number.isNaN(at)) return undefined;
  const answeredAt = Date.parse(headers.get("date") ?? "");
  return at - (Number.isNaN(answeredAt) ? now : answeredAt);
}
