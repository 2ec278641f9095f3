/** One line for each piece of work, one trace through all of them, and no secret in any. */
import { afterEach, expect, test, vi } from "vitest";
import { hideSecretsOf } from "../../server/shared/telemetry/redact.ts";
import { range, speechOf } from "./support/audio.ts";
import { gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { bearer, guarded, jwtSecret, keyFor, newKey, tokenWith } from "./support/doors.ts";
import { createSession, post } from "./support/http.ts";
import { inference, sameSpeaker } from "./support/inference.ts";
import { printed } from "./support/lines.ts";
import { receiver, token as hookToken } from "./support/receiver.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { dayOfAlarms, openWithHook } from "./support/webhooks.ts";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const span = "00f067aa0ba902b7";
const traced = { traceparent: `00-${trace}-${span}-01` };
const resolveBody = { audio: { content_b64: "AAAA", format: "pcm_s16le" } };

afterEach(() => {
  vi.restoreAllMocks();
});

test("[Z1] a request is one line: what answered, how it ended, how long it took, and whose it was", async () => {
  const { lines } = printed();
  const { sessionId } = new RoomUnderTest(newSession());
  const { key, keyId } = await keyFor("lines", ["sessions:read"]);
  const answer = await guarded(`/v1/sessions/${sessionId}/state?x=secret`, { headers: { ...bearer(key), ...traced } });
  const [line, ...rest] = lines("cf_request");
  expect(rest).toEqual([]);
  expect(line).toMatchObject({
    level: "info",
    tenant: "lines",
    session_id: sessionId,
    trace_id: trace,
    route: "getState",
    method: "GET",
    status: answer.status,
    code: "bad_request",
    caller: `key:${keyId}`,
    parent_span_id: span,
  });
  expect(line?.["duration_ms"]).toBeTypeOf("number");
});

test.each(["00-zz-00f067aa0ba902b7-01", `00-${"0".repeat(32)}-${span}-01`, `ff-${trace}-${span}-01`, ""])(
  "[Z3] a traceparent that is none (%j) begins a new trace, on the line and in the answer",
  async (traceparent) => {
    const { lines } = printed();
    const answer = await gateway("/health", { headers: { traceparent } });
    const [line] = lines("cf_request");
    expect(line?.trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(line?.trace_id).toBe(answer.headers.get("x-trace-id"));
    expect(line?.["parent_span_id"]).toBeUndefined();
  },
);

test("[Z3] one trace goes from the client through the room to speaker resolve, its line, and the webhook of what came of it", async () => {
  const { lines } = printed();
  const room = await openWithHook();
  const { sessionId } = room;
  const received = receiver(sessionId);
  const seen: (string | undefined)[] = [];
  inference(sessionId, (request) => Response.json(sameSpeaker(request)));
  const fetched = vi.spyOn(globalThis, "fetch");
  expect((await post(sessionId, "resolve", resolveBody, traced)).status).toBe(200);
  for (const [, init] of fetched.mock.calls) seen.push(new Headers(init?.headers).get("traceparent") ?? undefined);
  expect(seen).toEqual([expect.stringMatching(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`))]);
  expect(lines("resolve")).toMatchObject([{ trace_id: trace, session_id: sessionId, tenant: "default", status: "ok" }]);
  expect((await post(sessionId, "finalize", {}, traced)).status).toBe(200);
  await room.wakeUntil("it is delivered", async () => received.length > 0, dayOfAlarms);
  expect(received[0]?.headers["traceparent"]).toContain(trace);
  const webhooks = lines("webhook").filter(({ type }) => type === "session.finalized");
  expect(webhooks).toMatchObject([{ trace_id: trace, status: 204, state: "delivered", attempt: 1 }]);
  const steps = lines("finalize_step");
  expect(steps.map(({ step }) => step)).toEqual(["drain", "audio", "write"]);
  expect(steps.every(({ trace_id, session_id }) => trace_id === trace && session_id === sessionId)).toBe(true);
});

test("[Z1] [Z3] a connection is a line at each end, and what the room does by itself is in its trace", async () => {
  const { lines } = printed();
  const { sessionId } = new RoomUnderTest(newSession());
  await createSession(sessionId, { resolve: { auto: true } });
  inference(sessionId, (request) => Response.json(sameSpeaker(request)));
  const client = await Client.connect(sessionId);
  await client.keepAll(range(1, 4), speechOf);
  const [opened] = lines("connection_opened");
  expect(opened).toMatchObject({ session_id: sessionId, tenant: "default", role: "capture", encoding: "json" });
  await vi.waitFor(() => expect(lines("resolve")).toHaveLength(1));
  expect(lines("resolve")[0]?.trace_id).toBe(opened?.trace_id);
  client.close();
  await vi.waitFor(() => expect(lines("connection_closed")).toHaveLength(1));
  expect(lines("connection_closed")[0]).toMatchObject({
    trace_id: opened?.trace_id,
    frames: 4,
    is_counted_whole: true,
    track: "mixed",
  });
});

test("[Z2] no secret is in any line: of callers, of addresses, of services, of the deployment", async () => {
  const { texts } = printed();
  const own = {
    INFERENCE_API_KEY: "pl4nted-inference-key",
    OPENAI_API_KEY: "pl4nted openai",
    LOG_DRAIN_TOKEN: "dr41n-pl4nted",
  };
  hideSecretsOf(own);
  const room = await openWithHook({ resolve: { auto: true } });
  const { sessionId } = room;
  const { key } = newKey();
  const jwt = await tokenWith({ session_id: sessionId, role: "capture", sub: "pl4nted-person" });
  const refused = (): Response => {
    throw new Error(`${own.INFERENCE_API_KEY} at https://me:pl4nted-pw@host/?api_key=pl4nted-q is ${jwt}`);
  };
  inference(sessionId, refused);
  receiver(sessionId, () => {
    throw new TypeError(`connect https://hooks.example/?key=${hookToken}`);
  });
  const path = `/v1/sessions/${sessionId}`;
  for (const headers of [
    bearer(key),
    bearer(jwt),
    { cookie: "session=pl4nted-cookie" },
    { "x-api-key": key },
    { upgrade: "websocket", "sec-websocket-protocol": `bearer.${jwt}` },
    { authorization: "Basic pl4ntedBasic" },
    { traceparent: `pl4nted-${jwt}` },
    { "idempotency-key": "pl4nted-idempotency" },
  ]) {
    for (const url of [`${path}/state?token=${jwt}`, `${path}?key=${key}`, `/${key}`, `/v1/audio/ws/${sessionId}`]) {
      await guarded(url, { headers });
    }
  }
  const client = await Client.connect(sessionId);
  await client.keepAll(range(1, 4), speechOf);
  await post(sessionId, "resolve", { ...resolveBody, asr_text: "pl4nted words" });
  await post(sessionId, "finalize");
  await room.rows("ALTER TABLE events RENAME TO events_away");
  await gateway(`${path}/events?token=${jwt}`);
  const all = texts().join("\n");
  expect(all).toContain("cf_request");
  expect(all).toContain("room.failed");
  const secrets = [key, jwt, jwtSecret, hookToken, "pl4nted", "dr41n"];
  expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
});
