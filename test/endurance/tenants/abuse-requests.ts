/** What the bad tenant asks over HTTP. */
import { limits } from "../../../schemas/limits.ts";
import { seededRandom } from "../../../client/testkit/fault-plan.ts";
import type { FloodedRequest } from "./abuse-http.ts";
import type { AbusePlan } from "./abuse-kinds.ts";
import { signToken } from "./sign-token.ts";

const sessionId = "bad-requests";
const path = (rest: string): string => `/v1/sessions/${sessionId}/${rest}`;
const bearer = (credential: string): Record<string, string> => ({ authorization: `Bearer ${credential}` });

/** State, events and resolves, picked by the seed: one token asks all of it, and an API key resolves too. */
export async function hostileRequests({ seed, secret, tenant, apiKey }: AbusePlan): Promise<() => FloodedRequest> {
  const token = await signToken(secret, { tenant, sessionId, subject: "requests", role: "edit" });
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

/** As long as a body may be: what follows the audio is filled up with spaces. */
function resolveBody(): Uint8Array {
  const audioChars = 4 * 1_000_000;
  const audio = { content_b64: "A".repeat(audioChars), format: "pcm_s16le", sample_rate: 16_000, channels: 1 };
  const json = JSON.stringify({ audio });
  return Buffer.from(json.padEnd(limits.maxResolveBodyBytes, " "));
}
