/** What requests are relative to: the sessions and credentials of the gateway that is fuzzed. */
import { SignJWT } from "jose";
import type { Dump } from "./check-tables.ts";
import type { CredentialName } from "./request-plan.ts";

export interface RequestWorld {
  /** In every id below, and in no other. */
  readonly tag: string;
  /** Tenant `default`. What is refused may not change it. */
  readonly reference: string;
  /** That requests may finalize and delete. */
  readonly scratch: readonly string[];
  /** Never opened, unless a request that may open a session does. */
  readonly unknown: string;
  readonly credentials: Readonly<Record<CredentialName, string>>;
  /** No answer may hold one of them. */
  readonly secrets: readonly string[];
  /** The reference session's tables, but for what its own work in the background writes. */
  dump(): Promise<Dump>;
}

export interface Keys {
  readonly admin: string;
  readonly writeKey: string;
  readonly readKey: string;
  readonly mintKey: string;
  readonly otherTenantKey: string;
  readonly revokedKey: string;
}

const lifetimeS = 10_000;

/** A session token. @param nowMs the gateway's clock. */
export function tokenOf(claims: Readonly<Record<string, unknown>>, secret: string, nowMs: number): Promise<string> {
  const nowS = Math.floor(nowMs / 1_000);
  return new SignJWT({ sub: "fuzz", iat: nowS, exp: nowS + lifetimeS, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(secret));
}

/** @param nowMs the gateway's clock. */
export async function credentialsOf(
  keys: Keys,
  secret: string,
  session: string,
  nowMs: number,
): Promise<Record<CredentialName, string>> {
  const nowS = Math.floor(nowMs / 1_000);
  const sign = (claims: Record<string, unknown>, by = secret): Promise<string> =>
    tokenOf({ session_id: session, ...claims }, by, nowMs);
  const [, payload = ""] = (await sign({ role: "edit" })).split(".");
  return {
    ...keys,
    capture: await sign({ role: "capture" }),
    observe: await sign({ role: "observe" }),
    edit: await sign({ role: "edit" }),
    observeMic: await sign({ role: "observe", tracks: ["mic"] }),
    none: "",
    unknownKey: `rt_${"a".repeat(12)}_${"b".repeat(43)}`,
    expired: await sign({ role: "edit", iat: nowS - 1_000, exp: nowS - 500 }),
    otherSecret: await sign({ role: "edit" }, "another secret of at least thirty-two bytes"),
    unsigned: `${btoa('{"alg":"none"}').replaceAll("=", "")}.${payload}.`,
    otherSession: await sign({ role: "edit", session_id: `${session}x` }),
    garbage: "garbage.garbage.garbage",
    empty: "",
    huge: "x".repeat(6_000),
    spaced: "a b",
  };
}
