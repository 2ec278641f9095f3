/** Conditional and range requests (RFC 9110 §13, §14): entity tags, and one range of bytes. Pure. */

import { createHash } from "node:crypto";
import { toHex } from "../../../schemas/chain.ts";

const etagHexDigits = 32;

/** A strong `ETag` for an answer. @param text the answer itself, or all that decides what it is. */
export function etagOf(text: string): string {
  const hash = createHash("sha256").update(new TextEncoder().encode(text)).digest();
  return `"${toHex(hash).slice(0, etagHexDigits)}"`;
}

/** `If-None-Match`, weak comparison. Not left to R2, which throws on a malformed header. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = ifNoneMatch?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return tags.includes("*") || tags.includes(etag);
}

/** Whether `Range` counts beside an `If-Range`: strong comparison, and a date never holds where no date is given out. */
export function ifRangeHolds(ifRange: string | undefined, etag: string): boolean {
  return ifRange === undefined || ifRange.trim() === etag;
}

export type ByteRange =
  | { readonly kind: "whole" }
  /** Bytes `from` to before `to`; never empty. */
  | { readonly kind: "part"; readonly from: number; readonly to: number }
  | { readonly kind: "unsatisfiable" };

const singleRange = /^bytes=[ \t]*(?:(\d+)-(\d*)|-(\d+))[ \t]*$/i;

/**
 * The part of `size` bytes (at least one) that the header asks for. A header that is malformed, in another unit or of several ranges counts
 * as none, as the RFC allows: the whole is always a right answer.
 */
export function parseRange(header: string | undefined, size: number): ByteRange {
  const [matched, first, last, suffix] = singleRange.exec(header ?? "") ?? [];
  if (matched === undefined) return { kind: "whole" };
  if (suffix !== undefined) {
    const length = Math.min(size, Number(suffix));
    return length === 0 ? { kind: "unsatisfiable" } : { kind: "part", from: size - length, to: size };
  }
  const from = Number(first);
  const to = last ? Number(last) + 1 : size;
  if (last && to <= from) return { kind: "whole" };
  return from < size ? { kind: "part", from, to: Math.min(to, size) } : { kind: "unsatisfiable" };
}
