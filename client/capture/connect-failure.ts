/**
 * Reasons why an attempt to connect failed (V1), in words to act on, with what the runtime gave of it in brackets. Pure. The package `ws` tells
 * most; Node's own WebSocket and browsers tell nothing.
 */

/** Where nothing is known of a connection that was never open. */
export const unknownFailure = "the connection could not be made";

interface Known {
  readonly pattern: RegExp;
  readonly means: string;
}

const known: readonly Known[] = [
  { pattern: /^TIMEOUT$/, means: "nothing answered the attempt to connect in time" },
  { pattern: /ECONNREFUSED/, means: "the connection was refused: nothing listens at this address and port" },
  { pattern: /ENOTFOUND/, means: "the host is not known" },
  { pattern: /EAI_AGAIN/, means: "the host can't be looked up now" },
  { pattern: /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN/, means: "the host can't be reached" },
  { pattern: /wrong version number|packet length too long/, means: "no TLS is spoken there: http instead of https?" },
  { pattern: /Parse Error|HPE_/, means: "no HTTP is spoken there: https instead of http?" },
  { pattern: /certificate|self.signed|altnames/i, means: "the server's certificate is not accepted" },
  { pattern: /ECONNRESET|EPIPE|socket hang up/, means: "the connection was cut while it was made" },
  { pattern: /subprotocol|Sec-WebSocket/i, means: "what answered is no gateway" },
  { pattern: /response: 3\d\d/, means: "the address redirects: use the one that it redirects to" },
  { pattern: /response: (?:401|403|407)/, means: "something before the gateway let nobody in" },
  { pattern: /response: 429/, means: "too many attempts to connect" },
  { pattern: /response: 426/, means: "something on the way passes no WebSocket on" },
  { pattern: /response: 5\d\d/, means: "the gateway is down or not set up" },
  { pattern: /response: \d{3}/, means: "no gateway is at this address" },
];

/** @param said by the runtime; undefined or blank where it says nothing. @returns undefined where nothing is known. */
export function connectFailure(said: unknown): string | undefined {
  const text = typeof said === "string" ? said.replaceAll(/\s+/g, " ").trim() : "";
  if (text === "") return undefined;
  const match = known.find(({ pattern }) => pattern.test(text));
  if (!match) return text;
  const status = /Unexpected server response: (\d{3})/.exec(text)?.[1];
  if (text === "TIMEOUT") return match.means;
  // What a library of the system says behind its code is for its authors.
  const brief = text.replace(/ [0-9A-F]+:error:.*$/, "");
  return `${match.means} (${status === undefined ? brief : `HTTP ${status}`})`;
}
