/** Comparing entity tags (RFC 9110 §8.8.3). Pure. */

/** `If-None-Match`, weak comparison. Not left to R2, which throws on a malformed header. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = ifNoneMatch?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return tags.includes("*") || tags.includes(etag);
}

/** Whether `Range` counts beside an `If-Range`: strong comparison, and a date never holds where no date is given out. */
export function ifRangeHolds(ifRange: string | undefined, etag: string): boolean {
  return ifRange === undefined || ifRange.trim() === etag;
}
