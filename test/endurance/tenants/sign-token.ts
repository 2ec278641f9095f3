/** Session tokens as a tenant's backend signs them (SPEC P2). */
import { SignJWT } from "jose";
import type { Role } from "../../../schemas/access.ts";

const lifetimeS = 3_600;

export interface TokenClaims {
  readonly tenant: string;
  readonly sessionId: string;
  readonly subject: string;
  readonly role: Role;
}

export function signToken(secret: string, { tenant, sessionId, subject, role }: TokenClaims): Promise<string> {
  const issuedAtS = Math.floor(Date.now() / 1_000);
  return new SignJWT({ sub: subject, session_id: sessionId, tenant, role, iat: issuedAtS, exp: issuedAtS + lifetimeS })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .sign(new TextEncoder().encode(secret));
}
