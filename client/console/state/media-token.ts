/**
 * The token that an `<audio>` element's address carries, since it can send no header: of this tab where that is a token, else
 * one that is made with the key, for this meeting, to read it alone, and for an hour.
 */
import { gateway, withAccess } from "../api/gateway.ts";
import { credential } from "./access.ts";

const lifetimeS = 3_600;
const earlyMs = 60_000;

/** @returns what gives the token: `anew` where the one before was refused. Undefined where the gateway asks nobody. */
export function mediaToken(sessionId: string): (anew?: boolean) => Promise<string | undefined> {
  let minted: { readonly token: string; readonly until: number } | undefined;
  return async (anew = false) => {
    const now = credential.value;
    if (now === undefined || now.kind === "token") return now?.text;
    if (!anew && minted && minted.until > Date.now() + earlyMs) return minted.token;
    const body = { role: "observe", lifetime_s: lifetimeS } as const;
    const { token, expires_at } = await withAccess(() => gateway.mintToken(sessionId, body));
    minted = { token, until: Date.parse(expires_at) };
    return token;
  };
}
