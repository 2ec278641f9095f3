/**
 * Whether a URL may be called on a caller's word. Decided from the text alone: a Worker can't resolve names, so a
 * public name that leads to a private address is not seen here (docs/http.md says what that leaves open).
 *
 * The URL parser has made every spelling of an IPv4 address (decimal, octal, hex, full-width digits) the dotted one
 * before it is looked at.
 */
import ipaddr from "ipaddr.js";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { isPublicName } from "./local-names.ts";

/** What may be called besides `https` on the public internet. */
export interface Reach {
  /** `http` too, wherever it goes. */
  readonly http: boolean;
  /** This machine itself too, by `http` or `https`, at any port. */
  readonly loopback: boolean;
}

/** Below it are the ports of other protocols than HTTP, but for these. */
const firstFreePort = 1_024;
const webPorts: ReadonlySet<number> = new Set([80, 443]);
/** Of databases, queues, control planes and the like: nobody's webhook is there, and something else may well be. */
const otherServices: ReadonlySet<number> = new Set([
  1433, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 2525, 3306, 3389, 4222, 4646, 5432, 5672, 5900, 5984, 6000, 6379,
  6443, 6667, 7000, 7001, 8086, 8200, 8300, 8500, 8600, 9042, 9092, 9200, 9300, 10250, 10255, 10257, 10259, 11211,
  15672, 26379, 27017, 27018, 28017, 50000,
]);

/** What IANA gives out as global unicast; the rest of IPv6 is reserved, mapped or local. */
const globalIpv6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** @returns the URL, or a sentence on why it may not be called. */
export function parseDestination(text: string, reach: Reach): Result<URL, string> {
  if (!URL.canParse(text)) return err("it is not a URL");
  const url = new URL(text);
  const isOwnMachine = reach.loopback && isLoopback(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && (reach.http || isOwnMachine))) {
    return err("it must be https");
  }
  if (url.username + url.password !== "") return err("it must not hold credentials");
  if (isOwnMachine) return ok(url);
  if (!isPublic(url.hostname)) return err("its host must be one of the public internet");
  return isWebPort(url) ? ok(url) : err("its port is that of another service than a web server");
}

function isWebPort({ port, protocol }: URL): boolean {
  if (port === "") return true;
  const number = Number(port);
  if (number < firstFreePort) return webPorts.has(number) && (number === 443 || protocol === "http:");
  return !otherServices.has(number);
}

function isPublic(hostname: string): boolean {
  const address = addressOf(hostname);
  if (address instanceof ipaddr.IPv4) return address.range() === "unicast";
  if (address) return address.range() === "unicast" && address.match(globalIpv6);
  return isPublicName(hostname);
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
