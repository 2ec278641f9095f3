/** Names for meetings that begin here, and the credential to stream into one. */
import { gateway, withAccess } from "../api/gateway.ts";
import { credential } from "./access.ts";
import { KeptToken } from "./kept-token.ts";

const lifetimeS = 3_600;

/** `sample-2026-11-28-k3f9x2`: readable, and nobody else's. */
export function newSessionId(kind: string): string {
  const random = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => (byte % 36).toString(36)).join("");
  const today = new Date();
  const day = [today.getFullYear(), today.getMonth() + 1, today.getDate()];
  return `${kind}-${day.map((part) => String(part).padStart(2, "0")).join("-")}-${random}`;
}

/**
 * What a capture is given as `token`. A key has no place in a WebSocket's address: a token is made with it, and made anew
 * before it ends. Undefined where the gateway asks nobody.
 */
export function captureToken(sessionId: string): (() => Promise<string>) | undefined {
  return tokenFor(sessionId, "capture");
}

/** Likewise of who talks with a model; with it the session is opened, too. */
export function conversationToken(sessionId: string): (() => Promise<string>) | undefined {
  return tokenFor(sessionId, "converse");
}

function tokenFor(sessionId: string, role: "capture" | "converse"): (() => Promise<string>) | undefined {
  const given = credential.value;
  if (given === undefined) return undefined;
  const kept = new KeptToken();
  return async () => {
    const now = credential.value ?? given;
    if (now.kind === "token") return now.text;
    const opens = role === "converse" ? { open: {} } : {};
    const body = { role, lifetime_s: lifetimeS, ...opens };
    return kept.find() ?? kept.renew(() => withAccess(() => gateway.mintToken(sessionId, body)));
  };
}
