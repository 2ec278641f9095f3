/**
 * The token that an `<audio>` element's address carries, since it can send no header: of this tab where that is a token, else
 * one that is made with the key, for this meeting, to read it alone, and for an hour.
 */
import { gateway, withAccess } from "../api/gateway.ts";
import { credential } from "./access.ts";
import { KeptToken } from "./kept-token.ts";

const lifetimeS = 3_600;

/** @returns what gives the token: `anew` where the one before was refused. Undefined where the gateway asks nobody. */
export function mediaToken(sessionId: string): (anew?: boolean) => Promise<string | undefined> {
  const kept = new KeptToken();
  return async (anew = false) => {
    const now = credential.value;
    if (now === undefined || now.kind === "token") return now?.text;
    const body = { role: "observe", lifetime_s: lifetimeS } as const;
    const make = () => withAccess(() => gateway.mintToken(sessionId, body));
    return (anew ? undefined : kept.find()) ?? kept.renew(make);
  };
}
