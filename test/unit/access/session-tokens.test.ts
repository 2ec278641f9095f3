import { createHmac, generateKeyPairSync } from "node:crypto";
import { sign as honoSign, verify as honoVerify } from "hono/jwt";
import jsonwebtoken from "jsonwebtoken";
import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { limits } from "../../../schemas/limits.ts";
import { mintToken, type TokenConfig, verifyToken } from "../../../server/shared/access/session-tokens.ts";

const secret = "a secret of this test, at least 32 bytes long";
const older = "the secret before it, at least 32 bytes long too";
const settings: TokenConfig = { secrets: [secret], audience: "roomtone", maxLifetimeS: 43_200, clockSkewS: 5 };
const now = Date.parse("2026-11-21T12:00:00Z");
const nowS = now / 1_000;
const claims = { sub: "ada", session_id: "board-7", role: "capture", iat: nowS, exp: nowS + 300 };

const sign = (payload: object, key: string | Buffer = secret, options: jsonwebtoken.SignOptions = {}): string =>
  jsonwebtoken.sign(payload, key, { algorithm: "HS256", ...options });

/** What becomes of a token: its subject and session, or the reason it is refused for. */
async function outcome(token: string, with_: Partial<TokenConfig> = {}, at = now): Promise<string> {
  const verified = await verifyToken({ ...settings, ...with_ }, token, at);
  return verified.ok ? `${verified.value.subject} ${verified.value.sessionId}` : verified.error.reason;
}

test("[P2] tokens that jsonwebtoken signs are accepted, in both spellings of the claims", async () => {
  const { sub: userId, session_id: interviewId, ...rest } = claims;
  expect(await outcome(sign(claims))).toBe("ada board-7");
  expect(await outcome(sign({ userId, interviewId, ...rest }))).toBe("ada board-7");
  expect(await outcome(sign({ ...claims, userId, interviewId }))).toBe("ada board-7");
});

test("[P2] tokens of other libraries are accepted: jose, hono/jwt", async () => {
  const byJose = new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(secret));
  expect(await outcome(await byJose)).toBe("ada board-7");
  expect(await outcome(await honoSign(claims, secret, "HS256"))).toBe("ada board-7");
});

test("[P2] two spellings that disagree are refused", async () => {
  expect(await outcome(sign({ ...claims, userId: "eve" }))).toBe("unauthorized");
  expect(await outcome(sign({ ...claims, interviewId: "board-8" }))).toBe("unauthorized");
});

test("[P2] a minted token is accepted, and by jsonwebtoken and hono/jwt too", async () => {
  const request = { tenant: "acme", sessionId: "board-7", subject: "ada", tracks: ["mic"], lifetimeS: 300 };
  const { token, expiresAt } = await mintToken(settings, { ...request, role: "capture" }, now);
  expect(expiresAt.getTime()).toBe(now + 300_000);
  const verified = await verifyToken(settings, token, now);
  expect(verified).toMatchObject({ ok: true, value: { tenant: "acme", role: "capture", tracks: ["mic"] } });
  const told = jsonwebtoken.verify(token, secret, {
    algorithms: ["HS256"],
    audience: "roomtone",
    clockTimestamp: nowS,
  });
  expect(told).toMatchObject({ sub: "ada", session_id: "board-7", iat: nowS, exp: nowS + 300 });
  // hono/jwt has no clock of ours to take: it looks at the signature and the audience alone.
  const options = { alg: "HS256", aud: "roomtone", exp: false, nbf: false, iat: false } as const;
  expect(await honoVerify(token, secret, options)).toEqual(told);
});

const padded = (chars: number): string => sign({ ...claims, pad: "x".repeat(chars) });
/** A token of exactly so many characters. */
function ofChars(chars: number): string {
  const about = Math.floor(((chars - padded(0).length) * 3) / 4);
  const near = Array.from({ length: 8 }, (_, n) => padded(about - 3 + n));
  return near.find(({ length }) => length === chars) ?? "";
}

test("[P2] [limit:maxTokenChars] a token of 4,096 characters is read, one of 4,097 is not", async () => {
  expect(ofChars(limits.maxTokenChars)).toHaveLength(limits.maxTokenChars);
  expect(await outcome(ofChars(limits.maxTokenChars))).toBe("ada board-7");
  expect(ofChars(limits.maxTokenChars + 1)).toHaveLength(limits.maxTokenChars + 1);
  expect(await outcome(ofChars(limits.maxTokenChars + 1))).toBe("unauthorized");
});

const unsigned = (header: object, payload: object): string =>
  [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");

test("[P3] alg none is refused, with and without a signature", async () => {
  for (const alg of ["none", "None", "NONE", ""]) {
    expect(await outcome(`${unsigned({ alg, typ: "JWT" }, claims)}.`)).toBe("unauthorized");
    expect(await outcome(`${unsigned({ alg, typ: "JWT" }, claims)}.AAAA`)).toBe("unauthorized");
  }
  expect(await outcome(jsonwebtoken.sign(claims, "", { algorithm: "none" }))).toBe("unauthorized");
});

test("[P3] other algorithms are refused, also where they use the secret, or a public key as one", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const rs256 = await new SignJWT(claims).setProtectedHeader({ alg: "RS256" }).sign(privateKey);
  expect(await outcome(rs256)).toBe("unauthorized");
  expect(await outcome(rs256, { secrets: [pem] })).toBe("unauthorized");
  const body = unsigned({ alg: "RS256", typ: "JWT" }, claims);
  const confused = `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
  expect(await outcome(confused)).toBe("unauthorized");
  expect(await outcome(sign(claims, secret, { algorithm: "HS384" }))).toBe("unauthorized");
  expect(await outcome(sign(claims, secret, { algorithm: "HS512" }))).toBe("unauthorized");
});

test("[P3] a key that the token itself brings along is not looked at", async () => {
  const own = "a key that the attacker brings along, 32 bytes";
  const header = {
    alg: "HS256",
    jwk: { kty: "oct", k: Buffer.from(own).toString("base64url") },
    kid: "../../dev/null",
  };
  const token = sign(claims, own, { header: header as unknown as jsonwebtoken.JwtHeader });
  expect(await outcome(token)).toBe("unauthorized");
});

test("[P3] another secret, a changed claim, a cut or padded token are refused", async () => {
  const token = sign(claims);
  const [header = "", , signature = ""] = token.split(".");
  const forged = Buffer.from(JSON.stringify({ ...claims, role: "edit" })).toString("base64url");
  const others = [
    sign(claims, older),
    `${header}.${forged}.${signature}`,
    token.slice(0, -1),
    `${token}=`,
    `${token}.${signature}`,
    ` ${token}`,
    "",
    "x.y.z",
    "a".repeat(5_000),
  ];
  const outcomes = await Promise.all(others.map((other) => outcome(other)));
  expect(new Set(outcomes)).toEqual(new Set(["unauthorized"]));
});

test("[P4] with two secrets both sign in; the first one mints; a token of the one taken away is refused", async () => {
  const secrets = [secret, older];
  expect(await outcome(sign(claims, older), { secrets })).toBe("ada board-7");
  expect(await outcome(sign(claims), { secrets })).toBe("ada board-7");
  const request = {
    tenant: "default",
    sessionId: "board-7",
    subject: "ada",
    role: "observe",
    tracks: undefined,
  } as const;
  const { token } = await mintToken({ ...settings, secrets }, { ...request, lifetimeS: 60 }, now);
  expect(await outcome(token, { secrets: [secret] })).toBe("ada board-7");
  expect(await outcome(sign(claims, older))).toBe("unauthorized");
  expect(await outcome(sign({ ...claims, exp: nowS - 60, iat: nowS - 120 }, older), { secrets })).toBe("token_expired");
});

const at = (change: object): Promise<string> => outcome(sign({ ...claims, ...change }));

test("[P5] [limit:tokenClockSkewS] [limit:maxTokenLifetimeS] times hold to the second, but for the skew of clocks", async () => {
  expect(await at({ exp: nowS - 4, iat: nowS - 60 })).toBe("ada board-7");
  expect(await at({ exp: nowS - 5, iat: nowS - 60 })).toBe("token_expired");
  expect(await at({ iat: nowS + 5 })).toBe("ada board-7");
  expect(await at({ iat: nowS + 6 })).toBe("unauthorized");
  expect(await at({ nbf: nowS + 5 })).toBe("ada board-7");
  expect(await at({ nbf: nowS + 6 })).toBe("unauthorized");
  expect(await at({ exp: nowS + 43_200 })).toBe("ada board-7");
  expect(await at({ exp: nowS + 43_201 })).toBe("unauthorized");
  expect(await at({ exp: nowS })).toBe("unauthorized");
});

test("[P5] a token without an end, or without a beginning, is refused", async () => {
  const { exp, iat, ...rest } = claims;
  expect(await outcome(sign({ ...rest, iat }))).toBe("unauthorized");
  expect(await outcome(sign({ ...rest, exp }, secret, { noTimestamp: true }))).toBe("unauthorized");
});

test("[P2] [Y10] one without a role is that of who talks with a model", async () => {
  const verified = await verifyToken(settings, sign({ ...claims, role: undefined }), now);
  expect(verified).toMatchObject({ ok: true, value: { role: "converse" } });
});

test("[P2] a wrong audience is refused, none is not, one among several is right", async () => {
  expect(await outcome(sign({ ...claims, aud: "roomtone" }))).toBe("ada board-7");
  expect(await outcome(sign({ ...claims, aud: ["other", "roomtone"] }))).toBe("ada board-7");
  expect(await outcome(sign({ ...claims, aud: "other" }))).toBe("unauthorized");
  expect(await outcome(sign({ ...claims, aud: [] }))).toBe("unauthorized");
});

test.each([
  ["a role there is not", { role: "admin" }],
  ["no subject", { sub: undefined }],
  ["an empty subject", { sub: "" }],
  ["no session", { session_id: undefined }],
  ["a session id with a slash", { session_id: "a/b" }],
  ["a tenant with a slash", { tenant: "a/b" }],
  ["no tracks at all", { tracks: [] }],
  ["a track with a slash", { tracks: ["a/b"] }],
  ["times as text", { exp: "soon" }],
])("[P2] claims that are not right are refused: %s", async (_, change) => {
  const body = unsigned({ alg: "HS256", typ: "JWT" }, { ...claims, ...change });
  const token = `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
  const verified = await verifyToken(settings, token, now);
  expect(verified).toMatchObject({ ok: false, error: { reason: "unauthorized" } });
});
