/** The credential of a request: `Authorization: Bearer`, subprotocol `bearer.<token>`, or `?token=` of a GET. Pure. */
import { apiKeyPrefix } from "../../../schemas/access.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";

/** What precedes a token among the subprotocols of an upgrade. */
export const bearerSubprotocol = "bearer.";

export interface Credential {
  readonly kind: "key" | "token";
  readonly text: string;
}

/** Characters of a credential; a text with others is refused before anything is looked up. */
const credentialPattern = /^[\x21-\x7e]+$/;
const bearerPattern = /^bearer +(\S+) *$/i;

/** @returns undefined where no credential was presented; a sentence where it is not clear which one was. */
export function presentedCredential(request: Request): Result<Credential | undefined, string> {
  const { headers } = request;
  const authorization = headers.get("authorization");
  const header = authorization === null ? undefined : bearerPattern.exec(authorization)?.[1];
  if (authorization !== null && header === undefined) return err("Authorization is `Bearer`, and a key or token.");
  const inQuery = request.method === "GET" || request.method === "HEAD" ? tokenInQuery(request.url) : [];
  if (inQuery.some((text) => text.startsWith(apiKeyPrefix))) {
    return err("An API key has no place in a URL, where logs keep it. Send it as Authorization, and revoke this one.");
  }
  const presented = new Set([
    ...(header === undefined ? [] : [header]),
    ...bearersAmong(headers.get("sec-websocket-protocol")),
    ...inQuery,
  ]);
  const [text] = presented;
  if (text === undefined) return ok(undefined);
  if (presented.size > 1) return err("Send one credential, not several.");
  if (!credentialPattern.test(text)) return err("The credential holds characters that none has.");
  return ok({ kind: text.startsWith(apiKeyPrefix) ? "key" : "token", text });
}

function bearersAmong(offer: string | null): string[] {
  return (offer ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name.startsWith(bearerSubprotocol))
    .map((name) => name.slice(bearerSubprotocol.length));
}

function tokenInQuery(url: string): string[] {
  return new URL(url).searchParams.getAll("token");
}
