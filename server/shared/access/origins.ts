/** Clients of which origins may use the gateway (RFC 6454): web pages, browser extensions, app shells. Pure. */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";

const loopbackHosts: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether a URL's host is this machine. */
export function isLoopback(url: string): boolean {
  return URL.canParse(url) && loopbackHosts.has(new URL(url).hostname);
}

export interface OriginRules {
  /** `*` for all. */
  readonly allowedOrigins: readonly string[];
  readonly authMode: "required" | "off";
}

/** @param origin of the `Origin` header. @param url that was asked for: its own origin is always allowed. */
export function isAllowedOrigin({ allowedOrigins, authMode }: OriginRules, origin: string, url: string): boolean {
  if (origin === new URL(url).origin || allowedOrigins.includes("*") || allowedOrigins.includes(origin)) return true;
  // Who has a page open on this machine has the machine; a page from elsewhere that was opened there has not.
  return authMode === "off" && isLoopback(origin);
}

/**
 * An origin as its clients send it. URLs give those of http and https alone: any other scheme has an opaque origin to them, and
 * browsers send its text.
 *
 * @returns what is wrong with it otherwise. Quotes nothing: what a deployment has in its variables is shown to nobody.
 */
export function parseOrigin(text: string): Result<string, string> {
  if (text === "null") return err("null is sent by every sandboxed page and local file, whoever made it");
  const [, scheme = "", authority = "", rest = ""] = /^([a-z][a-z\d+.-]*):\/\/([^/?#]*)(.*)$/i.exec(text) ?? [];
  if (scheme === "") return err("it has no scheme, such as https://");
  if (text.includes("*")) return err("a * stands for all origins when alone, and for nothing within one");
  if (authority === "") return err("it has no host");
  if (rest !== "" && rest !== "/") return err("it has a path; an origin ends with its host and port");
  if (authority.includes("@")) return err("it has a user name");
  if (/^(?:wss?|ftp)$/i.test(scheme)) return err("no page has its scheme; give the page's, such as https://");
  if (!/^https?$/i.test(scheme)) return ok(`${scheme.toLowerCase()}://${authority}`);
  return URL.canParse(text) ? ok(new URL(text).origin) : err("its host or port can't be one");
}
