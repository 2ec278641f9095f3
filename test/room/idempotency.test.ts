/** Idempotency keys: a request under one does its work once, and the key is its caller's and that request's alone. */
import { describe, expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { type Operation, operations } from "../../schemas/http/operations.ts";
import { range } from "./support/audio.ts";
import { bindings, gateway } from "./support/bindings.ts";
import { bearer, gatewayWith, guarded, keyFor, required, tokenWith } from "./support/doors.ts";
import { createSession, eventsOfType, post, resolve, send } from "./support/http.ts";
import { answerTo, inference } from "./support/inference.ts";
import { faultyQuotas, quotaFaults } from "./support/quota-faults.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

const replayed = (answer: Response): boolean => answer.headers.get("x-idempotent-replay") === "true";
const codeOf = async (answer: Response): Promise<string> => {
  const { code = "" } = await answer.json<{ code?: string }>();
  return `${answer.status} ${code}`.trim();
};
const key = { "idempotency-key": "k1" };
const said = (text: string): object => ({ utterances: [{ start_ms: 0, end_ms: 900, text }] });

const ask = (sessionId: string, body: string): Promise<Response> =>
  gateway(`/v1/sessions/${sessionId}/utterances`, { method: "POST", body, headers: key });

/** A session with two clusters, a binding, a turn, a track and a webhook that was sent. */
async function meeting(): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  inference(room.sessionId, (request) => Response.json(answerTo(request)));
  await createSession(room.sessionId, { webhook_url: "http://127.0.0.1:9/hook" });
  await resolve(room.sessionId);
  await resolve(room.sessionId);
  return room;
}

describe("the same request", () => {
  test("[S3] captions without ids are kept once, across eviction, and answered as at first", async () => {
    const room = await meeting();
    const first = await post(room.sessionId, "utterances", said("Hello"), key);
    await room.evict();
    const again = await post(room.sessionId, "utterances", said("Hello"), { "x-idempotency-key": "k1" });
    expect([replayed(first), replayed(again)]).toEqual([false, true]);
    expect(await again.json()).toEqual(await first.json());
    expect(await eventsOfType(room.sessionId, "utterance.added")).toHaveLength(1);
    expect(await room.count("utterances")).toBe(1);
  });

  test("[S3] the order of a body's fields is the writer's, and an escape of a path is none", async () => {
    const room = await meeting();
    await ask(room.sessionId, '{"utterances":[{"text":"Hello","start_ms":0,"end_ms":900}]}');
    const other = await ask(
      room.sessionId.replace("-", "%2D"),
      '{"utterances":[{"end_ms":9e2,"start_ms":0,"text":"Hello"}]}',
    );
    expect([other.status, replayed(other)]).toEqual([200, true]);
  });

  test("[S3] twins at once do the work once, on every route that goes by keys", async () => {
    const room = await meeting();
    const [delivery] = await deliveriesAfterTest(room.sessionId);
    for (const [method, path, body] of requestsIn(room.sessionId, delivery)) {
      const before = await room.count("events");
      const twins = await Promise.all(
        range(1, 3).map(() => send(method, path, body, { "idempotency-key": `${method} ${path}` })),
      );
      const bodies = await Promise.all(twins.map((answer) => answer.json<object>()));
      expect(twins.map(({ status }) => status < 300)).toEqual([true, true, true]);
      expect(new Set(bodies.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(twins.filter(replayed)).toHaveLength(2);
      expect((await room.count("events")) - before).toBeLessThanOrEqual(1);
    }
  });

  test("[S3] a session without an id is opened once, and the answer is the first one", async () => {
    const mine = { "idempotency-key": crypto.randomUUID() };
    const twins = await Promise.all(range(1, 3).map(() => send("POST", "/v1/sessions", { title: "Monday" }, mine)));
    const opened = await Promise.all(twins.map((answer) => answer.json<{ session_id: string }>()));
    expect(twins.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(opened.map(({ session_id }) => session_id)).size).toBe(1);
    const id = opened[0]?.session_id ?? "";
    await send("PATCH", `/v1/sessions/${id}`, { title: "Tuesday" });
    await new RoomUnderTest(id).evict();
    const later = await send("POST", "/v1/sessions", { title: "Monday" }, mine);
    expect([later.status, replayed(later)]).toEqual([201, true]);
    expect(await later.json()).toEqual(opened[0]);
  });

  test("[S3] an undo, whose second answer would be another one", async () => {
    const room = await meeting();
    const at = `/v1/sessions/${room.sessionId}`;
    const bound = await send("PUT", `${at}/bindings/c1`, { name: "Ada" });
    const { events } = await bound.json<{ events: { event_id: number }[] }>();
    const undo = (): Promise<Response> => send("POST", `${at}/events/${events[0]?.event_id ?? 0}/undo`, {}, key);
    const [first, again] = [await undo(), await undo()];
    expect([first.status, again.status, replayed(again)]).toEqual([200, 200, true]);
    expect(await again.json()).toEqual(await first.json());
  });

  test("[S3] finalize is made anew under its key: its answer changes until the result is there", async () => {
    const room = await meeting();
    const first = await post(room.sessionId, "finalize", {}, key);
    const again = await post(room.sessionId, "finalize", {}, key);
    expect([first.status, again.status, replayed(again)]).toEqual([200, 200, false]);
  });
});

describe("another request", () => {
  test("[S3] is refused under the key, and nothing of it is done", async () => {
    const room = await meeting();
    await post(room.sessionId, "utterances", said("Hello"), key);
    const before = await room.dump();
    const [delivery] = await deliveriesAfterTest(room.sessionId);
    const all = await room.dump();
    for (const [method, path, body] of requestsIn(room.sessionId, delivery)) {
      expect(await codeOf(await send(method, path, body, key))).toBe("422 idempotency_mismatch");
    }
    expect(await codeOf(await post(room.sessionId, "finalize", {}, key))).toBe("422 idempotency_mismatch");
    expect(await codeOf(await resolve(room.sessionId, key))).toBe("422 idempotency_mismatch");
    expect(await room.dump()).toEqual(all);
    expect(before["utterances"]).toEqual(all["utterances"]);
  });

  test("[S3] to open a session: another body, or another id", async () => {
    const mine = { "idempotency-key": crypto.randomUUID() };
    const id = newSession();
    expect((await send("POST", "/v1/sessions", { session_id: id }, mine)).status).toBe(201);
    for (const body of [{ session_id: newSession() }, { session_id: id, title: "x" }, {}]) {
      expect(await codeOf(await send("POST", "/v1/sessions", body, mine))).toBe("422 idempotency_mismatch");
    }
  });

  test("[S3] a resolve: other audio, also while the first is under way", async () => {
    const room = new RoomUnderTest(newSession());
    const held = Promise.withResolvers<void>();
    const requests = inference(room.sessionId, async (request) => {
      await held.promise;
      return Response.json(answerTo(request));
    });
    const other = { audio: { content_b64: "AAEA", format: "pcm_s16le" } };
    const answers = [resolve(room.sessionId, key), resolve(room.sessionId, key, other), resolve(room.sessionId, key)];
    held.resolve();
    const [first, mismatch, twin] = await Promise.all(answers);
    expect(first?.status).toBe(200);
    expect(await codeOf(mismatch ?? new Response("{}"))).toBe("422 idempotency_mismatch");
    expect(twin && replayed(twin)).toBe(true);
    expect(requests).toHaveLength(1);
  });

  test("[S3] failures are not remembered: the key is free for another request", async () => {
    const room = await meeting();
    const bad = await send("PUT", `/v1/sessions/${room.sessionId}/bindings/nobody`, { name: "Ada" }, key);
    expect(await codeOf(bad)).toBe("404 cluster_not_found");
    expect((await post(room.sessionId, "utterances", said("Hello"), key)).status).toBe(200);
    const mine = { "idempotency-key": crypto.randomUUID() };
    const taken = { session_id: room.sessionId, title: "other" };
    expect(await codeOf(await send("POST", "/v1/sessions", taken, mine))).toBe("409 session_exists");
    expect((await send("POST", "/v1/sessions", {}, mine)).status).toBe(201);
  });
});

describe("whose key", () => {
  test("[S3][T1] two keys, two subjects and two tenants do not meet in one", async () => {
    const sessionId = newSession();
    const name = crypto.randomUUID();
    const [a, b, elsewhere] = await Promise.all([
      keyFor("acme", ["sessions:write"]),
      keyFor("acme", ["sessions:write"]),
      keyFor("other", ["sessions:write"]),
    ]);
    const open = (by: string, body: object) =>
      guarded("/v1/sessions", {
        method: "POST",
        headers: { ...bearer(by), "idempotency-key": name },
        body: JSON.stringify(body),
      });
    for (const by of [a.key, elsewhere.key]) expect((await open(by, { session_id: sessionId })).status).toBe(201);
    expect((await open(b.key, { session_id: sessionId })).status).toBe(200);
    const token = (sub: string) => tokenWith({ sub, tenant: "acme", session_id: sessionId, role: "capture" });
    const say = (by: string, text: string) =>
      guarded(`/v1/sessions/${sessionId}/utterances`, {
        method: "POST",
        headers: { ...bearer(by), "idempotency-key": name },
        body: JSON.stringify(said(text)),
      });
    const callers = [a.key, b.key, await token("ada"), await token("bob")];
    for (const [i, by] of callers.entries()) {
      // Key a opened the session under this name.
      expect((await say(by, `words ${i}`)).status).toBe(i === 0 ? 422 : i === 1 ? 422 : 200);
    }
    expect(await new RoomUnderTest(sessionId, "acme").count("utterances")).toBe(2);
    expect(await new RoomUnderTest(sessionId, "other").count("utterances")).toBe(0);
  });
});

describe("keys themselves", () => {
  test("[S3] both headers must agree; neither may be what no key can be", async () => {
    const room = await meeting();
    const askWith = (headers: Record<string, string>) => post(room.sessionId, "utterances", said("Hello"), headers);
    expect((await askWith({ ...key, "x-idempotency-key": "k1" })).status).toBe(200);
    for (const headers of [
      { ...key, "x-idempotency-key": "k2" },
      { "idempotency-key": "" },
      { "idempotency-key": "x".repeat(256) },
    ]) {
      expect(await codeOf(await askWith(headers))).toBe("400 invalid_idempotency_key");
    }
  });

  test("[S3] [limit:idempotencyKeyLifetimeMs] a key older than a day is a new one", async () => {
    const room = await meeting();
    await post(room.sessionId, "utterances", said("Hello"), key);
    await room.rows("UPDATE idempotent_requests SET at = at - ?", limits.idempotencyKeyLifetimeMs);
    expect((await post(room.sessionId, "utterances", said("Bye"), key)).status).toBe(200);
    expect(await room.count("idempotent_requests")).toBe(1);
  });

  test("[S3] where a tenant's keys can't be asked, no session is opened on a guess", async () => {
    const { key: credential } = await keyFor("down", ["sessions:write"]);
    const TENANT_QUOTA = faultyQuotas(bindings.TENANT_QUOTA);
    const door = gatewayWith({ ...required, RATE_LIMIT_PER_MINUTE: "off", TENANT_QUOTA });
    quotaFaults("down").fail();
    const sessionId = newSession();
    const open = (headers: Record<string, string>) =>
      door("/v1/sessions", {
        method: "POST",
        headers: { ...bearer(credential), ...headers },
        body: JSON.stringify({ session_id: sessionId }),
      });
    const refused = await open(key);
    expect(await codeOf(refused)).toBe("503 idempotency_unavailable");
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await new RoomUnderTest(sessionId, "down").dump()).toEqual({});
    quotaFaults("down").heal();
    expect((await open(key)).status).toBe(201);
  });

  test("[K8] keys that an earlier version kept answer resolves still", async () => {
    const room = await meeting();
    const audio = { content_b64: "AAAA", format: "pcm_s16le", sample_rate: 16_000, channels: 1 };
    const state = { clusters: [], bindings: {}, config: {} };
    const answer = answerTo({ session_id: room.sessionId, audio, asr_text: null, state });
    await room.rows(
      "INSERT INTO idempotent_requests (subject, key, digest, at, answer) VALUES ('', 'old', NULL, ?, ?)",
      Date.now(),
      JSON.stringify(answer),
    );
    expect(replayed(await resolve(room.sessionId, { "x-idempotency-key": "old" }))).toBe(true);
    const other = await post(room.sessionId, "utterances", said("Hello"), { "x-idempotency-key": "old" });
    expect([other.status, replayed(other)]).toEqual([200, false]);
  });

  test("[I3] nothing of them is left of a deleted session", async () => {
    const room = await meeting();
    await post(room.sessionId, "utterances", said("Hello"), key);
    await gateway(`/v1/sessions/${room.sessionId}`, { method: "DELETE", headers: key });
    expect(await room.count("idempotent_requests")).toBe(0);
    expect(await codeOf(await post(room.sessionId, "utterances", said("Hello"), key))).toBe("410 session_deleted");
  });
});

/** A good request of each route whose answer is given again under its key, but for those that open rooms. */
function requestsIn(sessionId: string, deliveryId = ""): [method: string, path: string, body: object][] {
  const at = `/v1/sessions/${sessionId}`;
  const bodies: Readonly<Record<string, readonly [path: string, body: object]>> = {
    addUtterances: ["/utterances", said("Good morning")],
    bindSpeaker: ["/bindings/c1", { name: "Ada" }],
    unbindSpeaker: ["/bindings/c1", {}],
    mergeSpeakers: ["/clusters/c2/merge", { into: "c1" }],
    correctTurn: ["/turns/1", { cluster_id: null }],
    setTrackOrigin: ["/tracks/mixed/origin", { origin_ms: 1_790_000_000_000 }],
    retryResolves: ["/resolve/retry", {}],
    configureSession: ["", { title: "New" }],
    testWebhook: ["/webhooks/test", {}],
    resendDelivery: [`/webhooks/${deliveryId}/resend`, {}],
  };
  const elsewhere = new Set(["createSession", "resolve", "reviewSpeakers", "setTrackOrigin", "undoCorrection"]);
  return Object.entries<Operation>(operations).flatMap(([id, { method, underKey }]) => {
    if (underKey !== "replayed" || elsewhere.has(id)) return [];
    const request = bodies[id];
    if (!request) throw new Error(`no request of ${id}`);
    return [[method, `${at}${request[0]}`, request[1]]];
  });
}

async function deliveriesAfterTest(sessionId: string): Promise<string[]> {
  await post(sessionId, "webhooks/test");
  const answer = await gateway(`/v1/sessions/${sessionId}/webhooks`);
  const { deliveries } = await answer.json<{ deliveries: { delivery_id: string }[] }>();
  return deliveries.map(({ delivery_id }) => delivery_id);
}
