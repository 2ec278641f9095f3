/**
 * Session tokens: JWTs (RFC 7519) signed with HS256, by the gateway or by any backend that has the secret. No other
 * algorithm is ever looked at.
 */
import { errors, jwtVerify, SignJWT } from "jose";
import { type Role, type TokenClaims, tokenClaimsSchema } from "../../../schemas/access.ts";
import { limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";

export interface TokenConfig {
  /** Secrets: the first one signs; a token signed with any of them is good. */
  readonly secrets: readonly string[];
  readonly audience: string;
  readonly maxLifetimeS: number;
  readonly clockSkewS: number;
}

export interface TokenRequest {
  readonly tenant: string;
  readonly sessionId: string;
  readonly subject: string;
  readonly role: Role;
  readonly tracks: readonly string[] | undefined;
  /** false: of `capture`, streams and captions only. */
  readonly reads?: boolean | undefined;
  readonly lifetimeS: number;
}

/** Why a token is refused, with a sentence for whoever made it. It never holds a part of the token. */
export interface TokenRefusal {
  readonly reason: "unauthorized" | "token_expired";
  readonly detail: string;
}

export interface VerifiedToken extends TokenClaims {
  /** End of the token in ms since 1970, the allowed skew of clocks included. */
  readonly expiresAt: number;
}

const algorithm = "HS256";
/** RFC 7515 §7.1; decoders take padding and white space too. */
const compactJws = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const keyOf = (secret: string): Uint8Array => new TextEncoder().encode(secret);

/** @returns the token, and when it expires. */
export async function mintToken(
  { secrets: [secret], audience }: TokenConfig,
  { tenant, sessionId, subject, role, tracks, reads, lifetimeS }: TokenRequest,
  now: number,
): Promise<{ token: string; expiresAt: Date }> {
  if (secret === undefined) throw new Error("there is no secret to sign tokens with");
  const issuedAtS = Math.floor(now / 1_000);
  const narrowed = { ...(tracks ? { tracks } : {}), ...(reads === false ? { reads } : {}) };
  const claims = { sub: subject, session_id: sessionId, tenant, role, ...narrowed };
  const token = await new SignJWT({ ...claims, aud: audience, iat: issuedAtS, exp: issuedAtS + lifetimeS })
    .setProtectedHeader({ alg: algorithm, typ: "JWT" })
    .sign(keyOf(secret));
  return { token, expiresAt: new Date((issuedAtS + lifetimeS) * 1_000) };
}

/** Checks signature, times and claims. */
export async function verifyToken(
  config: TokenConfig,
  token: string,
  now: number,
): Promise<Result<VerifiedToken, TokenRefusal>> {
  if (token.length > limits.maxTokenChars) return refused(`A token has at most ${limits.maxTokenChars} characters.`);
  if (!compactJws.test(token)) return refused("The token is not a signed JWT.");
  let refusal: Result<never, TokenRefusal> = refused("The token was not signed with this deployment's secret.");
  for (const secret of config.secrets) {
    const payload = await payloadOf(config, token, secret, now);
    if (payload.ok) return checkClaims(config, payload.value, now);
    if (payload.error) refusal = err(payload.error);
  }
  return refusal;
}

/** @returns as an error why the token is no good, or nothing where another secret may yet have signed it. */
async function payloadOf(
  { clockSkewS }: TokenConfig,
  token: string,
  secret: string,
  now: number,
): Promise<Result<unknown, TokenRefusal | undefined>> {
  try {
    const options = { algorithms: [algorithm], clockTolerance: clockSkewS, currentDate: new Date(now) };
    // Its types take a claim for a time or none; ours are looked at next.
    return ok((await jwtVerify(token, keyOf(secret), options)).payload);
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) {
      return err({ reason: "token_expired", detail: "The token has expired. Get a new one." });
    }
    if (cause instanceof errors.JWSSignatureVerificationFailed) return err(undefined);
    if (cause instanceof errors.JOSEAlgNotAllowed) return refused(`The token must be signed with ${algorithm}.`);
    if (cause instanceof errors.JWTClaimValidationFailed) {
      return refused(
        cause.claim === "nbf"
          ? "The token is not valid yet: look at nbf and your clock."
          : `The token's ${cause.claim} is not right.`,
      );
    }
    if (cause instanceof errors.JOSEError) return refused("The token is not a signed JWT.");
    throw cause;
  }
}

function checkClaims(
  { audience, maxLifetimeS, clockSkewS }: TokenConfig,
  payload: unknown,
  now: number,
): Result<VerifiedToken, TokenRefusal> {
  const parsed = tokenClaimsSchema.safeParse(payload);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refused(`The token's claim ${issue?.path.map(String).join(".") ?? ""} is missing or not right.`);
  }
  const { aud, iat, exp } = parsed.data;
  if (aud !== undefined && ![aud].flat().includes(audience)) return refused("The token is for another audience (aud).");
  if (iat > now / 1_000 + clockSkewS) return refused("The token comes from the future: look at iat and your clock.");
  if (exp <= iat) return refused("The token's exp is not after its iat.");
  if (exp - iat > maxLifetimeS) return refused(`A token lives ${maxLifetimeS} s at most, from iat to exp.`);
  // A NumericDate may have a fraction (RFC 7519 §2), and times here are whole ms.
  return ok({ ...parsed.data, expiresAt: Math.floor((exp + clockSkewS) * 1_000) });
}

function refused(detail: string): Result<never, TokenRefusal> {
  return err({ reason: "unauthorized", detail });
}
