/** A gateway that requires credentials, as a deployment does: started, entered and left as its users do. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { promisify } from "node:util";
import jsonwebtoken from "jsonwebtoken";
import { afterAll, expect, test } from "vitest";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { readsTypeScript } from "../../scripts/local/reads-typescript.ts";
import { newSession, problemOf, receivedBodies, send } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { receivedTexts, TestClient } from "../support/ws-client.ts";

const secret = "a-secret-of-this-test-at-least-32-bytes-long";
const older = "the-secret-before-it-at-least-32-bytes-long-too";
const gateway = useGateway({ env: { AUTH_MODE: "required", JWT_SECRET: `${secret} ${older}` } });
const run = promisify(execFile);

/** What no answer, message or line of the log may hold. */
const secrets = [secret, older];

afterAll(() => {
  const told = [...receivedBodies, ...receivedTexts, gateway.output].join("\n");
  assert.deepEqual(
    secrets.filter((text) => told.includes(text)),
    [],
  );
});

interface Claims {
  readonly [name: string]: unknown;
}

function tokenFor(session: string, claims: Claims = {}, key = secret): string {
  const token = jsonwebtoken.sign({ sub: "ada", session_id: session, role: "capture", ...claims }, key, {
    algorithm: "HS256",
    ...("exp" in claims ? {} : { expiresIn: "5m" }),
  });
  secrets.push(token);
  return token;
}

const bearer = (credential: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${credential}` },
});

async function createKey(...args: string[]): Promise<string> {
  const env = { ...process.env, STATE_DIR: gateway.stateDir };
  const { stdout } = await run(process.execPath, [...readsTypeScript, "scripts/keys.ts", "create", ...args], { env });
  const key = stdout.trim();
  secrets.push(key);
  return key;
}

test("[P2] a token that a backend signed with jsonwebtoken streams, in either spelling", async () => {
  const session = newSession();
  const spelled = jsonwebtoken.sign({ userId: "ada", interviewId: session, role: "capture" }, older, {
    expiresIn: "5m",
  });
  const subprotocols = [["roomtone.v1.json", `bearer.${tokenFor(session)}`], [`bearer.${spelled}`]];
  for (const [index, offered] of subprotocols.entries()) {
    const client = await TestClient.connect(gateway, { session, subprotocols: offered });
    expect((await client.keep(index + 1)).status).toBe("stored");
    client.socket.close();
  }
});

test("[P3] alg none, RS256, a foreign secret and another audience are refused on the socket", async () => {
  const session = newSession();
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2_048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const claims = { sub: "ada", session_id: session, role: "capture" };
  const bad = [
    jsonwebtoken.sign(claims, "", { algorithm: "none", expiresIn: "5m" }),
    jsonwebtoken.sign(claims, privateKey, { algorithm: "RS256", expiresIn: "5m" }),
    tokenFor(session, {}, "another-secret-that-is-long-enough-for-it"),
    tokenFor(session, { aud: "another-service" }),
  ];
  for (const token of bad) {
    const subprotocols = ["roomtone.v1.json", `bearer.${token}`];
    const client = await TestClient.connect(gateway, { session, subprotocols });
    expect((await client.nextOf("error")).code).toBe("unauthorized");
    expect((await client.closed()).code).toBe(4401);
  }
  const answer = await send(gateway, `/v1/sessions/${session}/state`, bearer(tokenFor(session)));
  expect(problemOf(answer).code).toBe("session_not_found");
});

test("[P5] a connection ends with its token, and everything sent before is acked", async () => {
  const session = newSession();
  const exp = Math.floor(Date.now() / 1_000) - 2;
  // Good for three more seconds: clocks may differ by five.
  const token = tokenFor(session, { iat: exp - 60, exp });
  const client = await TestClient.connect(gateway, { session, subprotocols: ["roomtone.v1.json", `bearer.${token}`] });
  for (const seq of [1, 2, 3]) expect((await client.keep(seq)).seq).toBe(seq);
  expect((await client.nextOf("error")).code).toBe("token_expired");
  expect((await client.closed()).code).toBe(4401);
  const again = await TestClient.connect(gateway, {
    session,
    subprotocols: ["roomtone.v1.json", `bearer.${tokenFor(session)}`],
  });
  again.send({ type: "hello", sample_rate: 16_000, channels: 1, format: "pcm_s16le" });
  expect((await again.next("ready")).resume).toEqual({ next_seq: 4, missing: [] });
});

test("[P6] a backend's key opens, mints and reads; another tenant's finds nothing", async () => {
  const scopes = "sessions:write,sessions:read,tokens:mint";
  const [own, other] = await Promise.all([
    createKey("--tenant", "acme", "--name", "backend", "--scope", scopes),
    createKey("--tenant", "globex", "--name", "backend", "--scope", scopes),
  ]);
  const session = newSession();
  const body = JSON.stringify({ session_id: session });
  const opened = await send(gateway, "/v1/sessions", { method: "POST", ...bearer(own), body });
  expect(opened.status).toBe(201);
  const path = `/v1/sessions/${session}/tokens`;
  const minted = await send(gateway, path, { method: "POST", ...bearer(own), body: '{"role":"observe"}' });
  expect(minted.status).toBe(201);
  const { token } = JSON.parse(minted.text) as { token: string };
  const state = `/v1/sessions/${session}/state`;
  expect((await send(gateway, `${state}?token=${token}`)).status).toBe(200);
  expect((await send(gateway, state, bearer(own))).status).toBe(200);
  expect(problemOf(await send(gateway, state, bearer(other))).code).toBe("session_not_found");
  expect(problemOf(await send(gateway, state)).code).toBe("unauthorized");
  const list = await send(gateway, "/v1/sessions", bearer(other));
  expect(list.text).not.toContain(session);
});

test("[P9] without the secret every request is answered 503, which names it", async ({ onTestFinished }) => {
  const bare = new GatewayProcess({ env: { AUTH_MODE: "required" } });
  onTestFinished(() => bare.dispose());
  await bare.start();
  for (const path of ["/health", "/v1/sessions", `/v1/audio/ws/${newSession()}`]) {
    const problem = problemOf(await send(bare, path));
    expect(problem).toMatchObject({ status: 503, code: "misconfigured" });
    expect(problem.detail).toContain("JWT_SECRET");
  }
});
