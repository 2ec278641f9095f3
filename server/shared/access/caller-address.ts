/**
 * Where a request without a valid credential comes from, as it is counted (SPEC P15): the network of its address, hashed anew each
 * day into one of `addressBuckets`. Whatever comes from however many addresses, there are no more counters than these, and none of
 * them tells an address. Pure.
 */
import { createHash } from "node:crypto";
import ipaddr from "ipaddr.js";

/** So many that two who go wrong rarely share one; those who do share a limit that nobody with a valid credential feels. */
export const addressBuckets = 4_096;
const dayMs = 86_400_000;

/**
 * @param address of `CF-Connecting-IP`, which Cloudflare sets, and the front listener of `npm start`; undefined for a caller that came
 * past both.
 * @param salt known to the deployment alone.
 */
export function addressBucket(address: string | undefined, salt: string, now: number): number {
  const day = Math.floor(now / dayMs);
  const text = JSON.stringify([salt, day, networkOf(address ?? "")]);
  const [high = 0, low = 0] = createHash("sha256").update(new TextEncoder().encode(text)).digest();
  return (high * 256 + low) % addressBuckets;
}

/** An IPv6 subscriber has 2^64 addresses at least: the network counts. An IPv4 address in IPv6's clothes is the IPv4 address. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return "";
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(":") : parsed.toString();
}
