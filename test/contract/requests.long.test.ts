/** HTTP at the door: names, methods, routes and bodies that are refused, each as an RFC 9457 problem. */
import { describe, expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import type { HttpErrorCode } from "../../schemas/wire/errors.ts";
import {
  internalsIn,
  problemOf,
  newSession,
  postJson,
  receivedBodies,
  send,
  sendUpgrade,
  sessionState,
} from "../support/gateway-http.ts";
import { complaintsIn } from "../../scripts/local/gateway-process.ts";
import { useGateway } from "../support/use-gateway.ts";
import { TestClient } from "../support/ws-client.ts";

const gateway = useGateway();

const badIds: readonly { id: string; code?: HttpErrorCode; socketCode?: HttpErrorCode }[] = [
  { id: "a%2Fb" },
  { id: "a%2fb" },
  { id: "%2e%2e", code: "not_found" },
  { id: "..", code: "not_found" },
  // Resolved away before the gateway sees it: what is left is the path of a session named "state".
  { id: ".", code: "session_not_found", socketCode: "not_found" },
  { id: "", code: "not_found" },
  { id: "a/b/c", code: "not_found" },
  { id: ".a" },
  { id: "-a" },
  { id: "_a" },
  { id: "~a" },
  { id: "%41%2F" },
  { id: "%257E" },
  { id: "a%00" },
  { id: "a%" },
  { id: "a%zz" },
  { id: "a%20b" },
  { id: "a+b" },
  { id: "a:b" },
  { id: "a@b" },
  { id: "a;b" },
  { id: "a,b" },
  { id: "a*" },
  { id: "a'b" },
  { id: "%C3%A9" },
  { id: "%F0%9F%8E%99" },
  { id: "%ff" },
  { id: "a".repeat(129) },
  { id: "a".repeat(4_000) },
];
const longestId = `t${newSession().slice(2)}`.padEnd(128, "x");

describe("[N1] a session id matches or is refused, never repaired", () => {
  test.each(badIds)("$id", async ({ id, code = "invalid_session_id", socketCode = code }) => {
    for (const path of [`/v1/sessions/${id}/state`, `/v1/sessions/${id}/result`]) {
      expect(problemOf(await send(gateway, path)).code).toBe(code);
    }
    // `a/b/c` and the like lie on no route; the others are looked at before the handshake is.
    expect(problemOf(await sendUpgrade(gateway, `/v1/audio/ws/${id}`)).code).toBe(socketCode);
  });

  test.each(["resolve", "finalize"])("POST …/%s with a bad id", async (route) => {
    expect(problemOf(await postJson(gateway, `/v1/sessions/a%2Fb/${route}`, {})).code).toBe("invalid_session_id");
    expect(problemOf(await postJson(gateway, `/v1/sessions/${"a".repeat(129)}/${route}`, {})).code).toBe(
      "invalid_session_id",
    );
  });

  test.each(["Mixed", ".mic", "-mic", "_mic", "mic%2Fa", "mic%4D", "mic%", "mic.a", "mic~a", "m".repeat(33)])(
    "track %s",
    async (track) => {
      const session = newSession();
      expect(problemOf(await sendUpgrade(gateway, `/v1/audio/ws/${session}/${track}`)).code).toBe("invalid_track");
      expect(problemOf(await send(gateway, `/v1/sessions/${session}/state`)).code).toBe("session_not_found");
    },
  );

  test("[N5] a name's escapes are read, once, before the front listener and behind it", async () => {
    const session = `${newSession()}~a`;
    const path = session.replace("~", "%7E");
    expect((await postJson(gateway, "/v1/sessions", { session_id: session })).status).toBe(201);
    for (const spelling of [session, path]) {
      expect((await send(gateway, `/v1/sessions/${spelling}/state`)).status).toBe(200);
    }
    expect(problemOf(await send(gateway, "/v1/%zz")).code).toBe("bad_request");
  });

  test("bytes outside ASCII are refused by the platform before the gateway sees them", async () => {
    expect((await send(gateway, "/v1/sessions/é/state")).status).toBe(400);
    expect((await sendUpgrade(gateway, `/v1/audio/ws/${newSession()}/é`)).status).toBe(400);
  });

  test("an id of 128 characters and a track of 32 are fine", async () => {
    const client = await TestClient.connect(gateway, { session: longestId, track: "t".repeat(32) });
    expect(await client.keep(1)).toMatchObject({ status: "stored" });
    await client.leave();
    expect((await sessionState(gateway, longestId)).session_id).toBe(longestId);
  });
});

describe("[N3] an id never opened is 404, and stays so", () => {
  test("events, settings, utterances, corrections", async () => {
    const path = `/v1/sessions/${newSession()}`;
    const requests: readonly [string, string, object | undefined][] = [
      ["GET", "/events", undefined],
      ["PATCH", "", { metadata: {} }],
      ["POST", "/utterances", { utterances: [{ text: "a", start_ms: 0, end_ms: 1 }] }],
      ["POST", "/resolve/retry", {}],
      ["PUT", "/bindings/c1", { name: "Ada" }],
      ["DELETE", "/bindings/c1", undefined],
      ["POST", "/clusters/c1/merge", { into: "c2" }],
      ["PATCH", "/turns/1", { cluster_id: null }],
      ["GET", "/state", undefined],
    ];
    for (const [method, route, body] of requests) {
      const answer = await send(gateway, path + route, { method, ...(body && { body: JSON.stringify(body) }) });
      expect(problemOf(answer).code, `${method} ${route}`).toBe("session_not_found");
    }
  });

  test("state, result, finalize", async () => {
    const session = newSession();
    for (let i = 0; i < 2; i += 1) {
      expect(problemOf(await send(gateway, `/v1/sessions/${session}/state`)).code).toBe("session_not_found");
      expect(problemOf(await send(gateway, `/v1/sessions/${session}/result`)).code).toBe("session_not_found");
      expect(problemOf(await postJson(gateway, `/v1/sessions/${session}/finalize`, {})).code).toBe("session_not_found");
    }
  });
});

describe("routes", () => {
  test.each(["/v1", "/v1/sessions/a/nothing", "/v1/audio/ws", "/v2/health"])("404 %s", async (path) => {
    expect(problemOf(await send(gateway, path)).code).toBe("not_found");
  });

  test.each([
    { method: "POST", path: "/health", allow: "GET, HEAD" },
    { method: "DELETE", path: "/v1/sessions/a/state", allow: "GET, HEAD" },
    { method: "POST", path: "/v1/sessions/a/result", allow: "GET, HEAD" },
    { method: "PUT", path: "/v1/audio/ws/a", allow: "GET, HEAD" },
    { method: "POST", path: "/v1/audio/ws/a/mic", allow: "GET, HEAD" },
    { method: "GET", path: "/v1/sessions/a/resolve", allow: "POST" },
    { method: "PATCH", path: "/v1/sessions/a/finalize", allow: "POST" },
    { method: "PUT", path: "/v1/sessions", allow: "GET, HEAD, POST" },
    { method: "POST", path: "/v1/sessions/a", allow: "GET, HEAD, PATCH, DELETE" },
    { method: "POST", path: "/v1/sessions/a/bindings/c1", allow: "PUT, DELETE" },
    { method: "GET", path: "/v1/sessions/a/turns/1", allow: "PATCH" },
  ])("405 $method $path names what is allowed", async ({ method, path, allow }) => {
    const answer = await send(gateway, path, { method });
    expect(problemOf(answer).code).toBe("method_not_allowed");
    expect(answer.headers["allow"]).toBe(allow);
  });

  test("426 without an upgrade, and nothing is opened", async () => {
    const session = newSession();
    const answer = await send(gateway, `/v1/audio/ws/${session}`);
    expect(problemOf(answer).code).toBe("upgrade_required");
    expect(problemOf(await send(gateway, `/v1/sessions/${session}/state`)).code).toBe("session_not_found");
  });

  test("health says what runs, with no credential", async () => {
    const answer = await send(gateway, "/health");
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ status: "ok", app: "roomtone", inference: "embedded" });
    expect(answer.headers["x-trace-id"]).toMatch(/^[0-9a-f]{32}$/);
  });

  test("traceparent is honoured where it is well-formed, on answers good and bad", async () => {
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01` };
    expect((await send(gateway, "/health", { headers })).headers["x-trace-id"]).toBe(trace);
    expect(problemOf(await send(gateway, "/nothing", { headers })).trace_id).toBe(trace);
    for (const bad of ["00-0-0-00", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, trace, "<script>"]) {
      const answer = await send(gateway, "/nothing", { headers: { traceparent: bad } });
      expect(problemOf(answer).trace_id).not.toBe(trace);
    }
  });
});

describe("bodies", () => {
  const audio = { content_b64: "AAAA", format: "pcm_s16le" };
  const badResolves: readonly { title: string; body: string }[] = [
    { title: "no JSON", body: "hello" },
    { title: "cut off", body: '{"audio":' },
    { title: "NaN", body: '{"audio":NaN}' },
    { title: "an array", body: "[]" },
    { title: "null", body: "null" },
    { title: "a string", body: '"audio"' },
    { title: "empty", body: "" },
    { title: "20,000 arrays deep", body: `{"audio":${"[".repeat(20_000)}${"]".repeat(20_000)}}` },
    { title: "no audio", body: "{}" },
    { title: "audio as a string", body: '{"audio":"AAAA"}' },
    { title: "no format", body: JSON.stringify({ audio: { content_b64: "AAAA" } }) },
    { title: "empty audio", body: JSON.stringify({ audio: { ...audio, content_b64: "" } }) },
    { title: "URL-safe base64", body: JSON.stringify({ audio: { ...audio, content_b64: "-_-_" } }) },
    { title: "base64 with a line break", body: JSON.stringify({ audio: { ...audio, content_b64: "AAAA\nAAA" } }) },
    { title: "sample_rate 0", body: JSON.stringify({ audio: { ...audio, sample_rate: 0 } }) },
    { title: "sample_rate as a string", body: JSON.stringify({ audio: { ...audio, sample_rate: "16000" } }) },
    { title: "channels 1.5", body: JSON.stringify({ audio: { ...audio, channels: 1.5 } }) },
    { title: "asr_text as a number", body: JSON.stringify({ audio, asr_text: 5 }) },
    { title: "asr_text too long", body: JSON.stringify({ audio, asr_text: "a".repeat(20_001) }) },
    { title: "roster as a map", body: JSON.stringify({ audio, roster: {} }) },
    {
      title: "a roster of 1,001",
      body: JSON.stringify({ audio, roster: Array.from({ length: 1_001 }, () => ({ name: "Ann" })) }),
    },
    { title: "a roster entry without a name", body: JSON.stringify({ audio, roster: [{ email: "a@b.c" }] }) },
  ];

  test.each(badResolves)("resolve: $title", async ({ body }) => {
    const session = newSession();
    const answer = await send(gateway, `/v1/sessions/${session}/resolve`, { method: "POST", body });
    expect(problemOf(answer).code).toBe("bad_request");
    // A body that was refused at the door opens nothing.
    expect(problemOf(await send(gateway, `/v1/sessions/${session}/state`)).code).toBe("session_not_found");
  });

  test.each([
    { title: "no JSON", body: "hello" },
    { title: "an array", body: "[]" },
    { title: "metadata as a list", body: '{"metadata":[]}' },
    { title: "expect as a number", body: '{"expect":3}' },
    { title: "expect of a bad track", body: '{"expect":{"../mixed":3}}' },
    { title: "expect −1", body: '{"expect":{"mixed":-1}}' },
    { title: "expect 1.5", body: '{"expect":{"mixed":1.5}}' },
    { title: "expect 100,000,000", body: '{"expect":{"mixed":100000000}}' },
  ])("[F2] finalize: $title; the session stays open", async ({ body }) => {
    const session = newSession();
    const client = await TestClient.connect(gateway, { session });
    await client.keep(1);
    const answer = await send(gateway, `/v1/sessions/${session}/finalize`, { method: "POST", body });
    expect(problemOf(answer).code).toBe("bad_request");
    expect(await client.keep(2)).toMatchObject({ status: "stored" });
    expect((await sessionState(gateway, session)).status).toBe("open");
    await client.leave();
  });

  test.each([
    { route: "resolve", maxBytes: limits.maxResolveBodyBytes },
    { route: "finalize", maxBytes: limits.maxFinalizeBodyBytes },
  ])("$route: one byte above the limit is 413, with and without a content-length", async ({ route, maxBytes }) => {
    const path = `/v1/sessions/${newSession()}/${route}`;
    const body = " ".repeat(maxBytes + 1);
    expect(problemOf(await send(gateway, path, { method: "POST", body })).code).toBe("body_too_large");
    expect(problemOf(await send(gateway, path, { method: "POST", body, chunked: true })).code).toBe("body_too_large");
    // Exactly the limit is read: all blanks, which is no body.
    const read = await send(gateway, path, { method: "POST", body: body.slice(1), chunked: true });
    expect(problemOf(read).code).toBe(route === "resolve" ? "bad_request" : "session_not_found");
  });

  test.each([
    { title: "empty", key: "" },
    { title: "256 characters", key: "k".repeat(256) },
    { title: "not ASCII", key: "clé" },
    { title: "a tab", key: "a\tb" },
  ])("[S3] x-idempotency-key: $title", async ({ key }) => {
    const path = `/v1/sessions/${newSession()}/resolve`;
    expect(problemOf(await postJson(gateway, path, { audio }, { "x-idempotency-key": key })).code).toBe(
      "invalid_idempotency_key",
    );
  });

  test("resolve without a service set is answered by the embedded resolver", async () => {
    const second = { ...audio, content_b64: Buffer.alloc(32_000).toString("base64") };
    const answer = await postJson(gateway, `/v1/sessions/${newSession()}/resolve`, { audio: second });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ decision: "unknown", segments: [] });
  });
});

test("after all of this: no exception in the gateway's output, nothing internal in what clients got", () => {
  expect(receivedBodies.length).toBeGreaterThan(100);
  expect(internalsIn(receivedBodies)).toEqual([]);
  expect(complaintsIn(gateway.output)).toEqual([]);
});
