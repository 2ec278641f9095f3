/** Trace ids of W3C Trace Context, level 1: one for a call, a new parent id for each of its requests. */
import { toHex } from "../../schemas/chain.ts";

export function newTraceId(): string {
  return randomHex(16);
}

/** @param traceId 32 hex digits. */
export function traceparent(traceId: string): string {
  return `00-${traceId}-${randomHex(8)}-01`;
}

/** All zeros is no valid id, and as likely as guessing one. */
function randomHex(bytes: number): string {
  return toHex(crypto.getRandomValues(new Uint8Array(bytes)));
}
