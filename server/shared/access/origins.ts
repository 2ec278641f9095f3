/** Web pages of which origins may use the gateway (RFC 6454). Pure. */

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
