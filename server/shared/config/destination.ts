/**
 * Whether a URL may be called on a caller's word. Decided from the text alone: a Worker can't resolve names, so a
 * public name that leads to a private address is not seen here (docs/http.md says what that leaves open).
 *
 * The URL parser has made every spelling of an IPv4 address (decimal, octal, hex, full-width digits) the dotted one
 * before it is looked at.
 */
import ipaddr from "ipaddr.js";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";

/** Local to a network by standard (RFC 6761, 6762, 8375, ICANN's .internal) or by long habit. */
const localNames = /(^|\.)(localhost|local|localdomain|internal|intranet|private|lan|home|corp|home\.arpa)$/;
/** What IANA gives out as global unicast; the rest of IPv6 is reserved, mapped or local. */
const globalIpv6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** @param isDevelopment lets `http` and this machine itself pass. @returns the URL, or a sentence on why not. */
export function parseDestination(text: string, isDevelopment: boolean): Result<URL, string> {
  if (!URL.canParse(text)) return err("it is not a URL");
  const url = new URL(text);
  if (url.protocol !== "https:" && !(isDevelopment && url.protocol === "http:")) return err("it must be https");
  if (url.username + url.password !== "") return err("it must not hold credentials");
  if (isDevelopment && isLoopback(url.hostname)) return ok(url);
  return isPublic(url.hostname) ? ok(url) : err("its host must be one of the public internet");
}

function isPublic(hostname: string): boolean {
  const address = addressOf(hostname);
  if (address instanceof ipaddr.IPv4) return address.range() === "unicast";
  if (address) return address.range() === "unicast" && address.match(globalIpv6);
  const name = nameOf(hostname);
  // A name without a dot is found in the local network only.
  return name.includes(".") && !localNames.test(name);
}

function isLoopback(hostname: string): boolean {
  const address = addressOf(hostname);
  return address ? address.range() === "loopback" : /(^|\.)localhost$/.test(nameOf(hostname));
}

/** An IPv4 address in IPv6's clothes is the IPv4 address. */
function addressOf(hostname: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const bare = hostname.replace(/^\[|\]$/g, "");
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined;
}

function nameOf(hostname: string): string {
  return hostname.replace(/\.+$/, "");
}
