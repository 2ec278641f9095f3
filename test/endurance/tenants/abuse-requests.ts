/** What the bad tenant asks over HTTP, and the credentials that are no good. */
import { createHmac, randomBytes } from "node:crypto";
import { limits } from "../../../schemas/limits.ts";
import { seededRandom } from "../../../client/testkit/fault-plan.ts";
import type { FloodedRequest } from "./abuse-http.ts";
import type { AbusePlan } from "./abuse-kinds.ts";
import { signToken } from "./sign-token.ts";

const sessionId = "bad-http";
const path = (rest: string): string => `/v1/sessions/${sessionId}/${rest}`;
const bearer = (credential: string): Record<string, string> => ({ authorization: `Bearer ${credential}` });

/** State, events and resolves, picked by the seed: one token asks all of it, and an API key resolves too. */
export async function hostileRequests({ seed, secret, tenant, apiKey }: AbusePlan): Promise<() => FloodedRequest> {
  const token = await signToken(secret, { tenant, sessionId, subject: "http", role: "edit" });
  const body = resolveBody();
  const json = { "content-type": "application/json", "content-length": String(body.byteLength) };
  const asked: readonly [FloodedRequest, ...FloodedRequest[]] = [
    { method: "GET", path: path("state"), headers: bearer(token) },
    { method: "GET", path: path("events"), headers: bearer(token) },
    // Refused for its role, if the gateway is not made to read it first.
    { method: "POST", path: path("resolve"), headers: { ...bearer(token), ...json }, body },
    { method: "POST", path: path("resolve"), headers: { ...bearer(apiKey), ...json }, body },
  ];
  const random = seededRandom(seed);
  const [first] = asked;
  return () => asked[Math.floor(random() * asked.length)] ?? first;
}

export function credentialRequests(pick: () => string): () => FloodedRequest {
  return () => ({ method: "GET", path: path("state"), headers: bearer(pick()) });
}

/** Tokens signed with another secret, expired, unsigned, for another session, of no form at all; and keys that do not exist. */
export async function uselessTokens({ tenant, secret }: AbusePlan): Promise<string[]> {
  const claims = { tenant, sessionId, subject: "nobody", role: "observe" } as const;
  const good = await signToken(secret, claims);
  const [header = "", payload = ""] = good.split(".");
  const none = Buffer.from('{"alg":"none"}').toString("base64url");
  const expired = `${header}.${Buffer.from(JSON.stringify({ ...claims, iat: 1, exp: 2 })).toString("base64url")}`;
  return [
    await signToken(randomBytes(32).toString("hex"), claims),
    `${none}.${payload}.AAAA`,
    `${expired}.${createHmac("sha256", secret).update(expired).digest("base64url")}`,
    await signToken(secret, { ...claims, sessionId: "another" }),
    "x".repeat(limits.maxTokenChars),
    ...Array.from({ length: 5 }, (_, index) => `rt_nosuchkey00${index}_${randomBytes(32).toString("base64url")}`),
  ];
}

/** As long as a body may be: what follows the audio is filled up with spaces. */
function resolveBody(): Uint8Array {
  const audioChars = 4 * 1_000_000;
  const audio = { content_b64: "A".repeat(audioChars), format: "pcm_s16le", sample_rate: 16_000, channels: 1 };
  const json = JSON.stringify({ audio });
  return Buffer.from(json.padEnd(limits.maxResolveBodyBytes, " "));
}
