import { expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import type { ResolveRequest } from "../../schemas/speech/speakers.ts";
import { range } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { get, resolve } from "./support/http.ts";
import { answerTo, inference } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually, within } from "./support/waiting.ts";

async function clusterIds(sessionId: string): Promise<string[]> {
  const body = await (await get(sessionId, "state")).json<{ state: { clusters: { cluster_id: string }[] } }>();
  return body.state.clusters.map(({ cluster_id }) => cluster_id);
}

test("[S1] of two resolves at once the second is computed from the state that the first left", async () => {
  const session = newSession();
  const first = Promise.withResolvers<void>();
  const requests = inference(session, async (request) => {
    if (requests.length === 1) await first.promise;
    return Response.json(answerTo(request));
  });
  const answers = Promise.all([resolve(session), resolve(session)]);
  await eventually("the first call is at the service", () => requests.length === 1);
  first.resolve();
  expect((await within(answers, "both resolves")).map(({ status }) => status)).toEqual([200, 200]);
  expect(requests.map(({ state }) => state.clusters.length)).toEqual([0, 1]);
  expect(await clusterIds(session)).toEqual(["c1", "c2"]);
  expect(await new RoomUnderTest(session).count("events", "body LIKE '%speaker.resolved%'")).toBe(2);
});

test("[S1] ten resolves at once lose no update", async () => {
  const session = newSession();
  inference(session, (request) => Response.json(answerTo(request)));
  await Promise.all(range(1, 10).map(() => resolve(session)));
  expect(await clusterIds(session)).toEqual(range(1, 10).map((n) => `c${n}`));
});

test("[S1] a resolve that survives a failure of the room loses no later update", async () => {
  const room = new RoomUnderTest(newSession());
  const held = Promise.withResolvers<void>();
  const requests = inference(room.sessionId, async (request) => {
    if (requests.length === 1) await held.promise;
    return Response.json(answerTo(request));
  });
  const client = await Client.connect(room.sessionId, { track: "mic" });
  await client.keep(1);
  const first = resolve(room.sessionId);
  await eventually("the first call is at the service", () => requests.length === 1);
  await room.rows("ALTER TABLE gaps RENAME TO gaps_away");
  await client.refused({ type: "status" }, "internal");
  await within(client.closed, "the close");
  await room.rows("ALTER TABLE gaps_away RENAME TO gaps");
  const second = resolve(room.sessionId);
  // Whether the second waits for the first or the first was given up: none may be answered 200 and lost.
  await eventually("the second is at the service or waits", () => requests.length === 2, 500).catch(() => undefined);
  held.resolve();
  const answers = await within(Promise.all([first, second]), "both resolves");
  const succeeded = answers.filter(({ status }) => status === 200).length;
  expect(await clusterIds(room.sessionId)).toHaveLength(succeeded);
});

const bad: readonly [string, number, (request: ResolveRequest) => Response | Promise<Response>][] = [
  ["an error status", 502, () => new Response("no", { status: 500 })],
  ["a redirect", 502, () => new Response(null, { status: 307, headers: { location: "http://elsewhere.test/" } })],
  ["no JSON", 502, () => new Response("<html>")],
  ["an empty body", 502, () => new Response(null, { status: 204 })],
  ["no updated_state", 502, (request) => Response.json({ ...answerTo(request), updated_state: undefined })],
  [
    "a centroid of text",
    502,
    (request) => Response.json(withClusters(request, [{ cluster_id: "c1", centroid: ["1"], sample_count: 1 }])),
  ],
  ["a cluster twice", 502, (request) => Response.json(withClusters(request, [cluster("c1"), cluster("c1")]))],
  [
    "too many clusters",
    502,
    (request) =>
      Response.json(
        withClusters(
          request,
          range(0, limits.maxClusters).map((n) => cluster(`c${n}`)),
        ),
      ),
  ],
  ["another session's answer", 502, (request) => Response.json({ ...answerTo(request), session_id: "other" })],
  [
    "an answer too large",
    502,
    (request) => Response.json({ ...answerTo(request), pad: "x".repeat(limits.maxInferenceAnswerBytes) }),
  ],
  [
    "a refused connection",
    502,
    () => Promise.reject(new TypeError("connect ECONNREFUSED http://inference.test key=k")),
  ],
  ["no answer in time", 504, () => new Promise<never>(() => {})],
];

function cluster(cluster_id: string): object {
  return { cluster_id, centroid: [1], sample_count: 1 };
}

function withClusters(request: ResolveRequest, clusters: readonly object[]): object {
  return { ...answerTo(request), updated_state: { clusters, bindings: {}, config: {} } };
}

/** Where an answer names clusters. */
const naming: readonly [string, (request: ResolveRequest, id: string) => object][] = [
  ["who speaks", (request, id) => ({ ...answerTo(request), cluster_id: id })],
  ["a cluster of the state", (request, id) => withClusters(request, [cluster(id)])],
  [
    "a binding",
    (request, id) => ({ ...answerTo(request), updated_state: { ...request.state, bindings: { [id]: "Ada" } } }),
  ],
];

test.for(naming)("[N4] an answer that names %s as no cluster may be called is refused", async ([, answerNaming]) => {
  const room = new RoomUnderTest(newSession());
  inference(room.sessionId, (request) => Response.json(answerTo(request)));
  expect((await resolve(room.sessionId)).status).toBe(200);
  const before = await room.dump();
  for (const id of ["a b", "-c1"]) {
    inference(room.sessionId, (request) => Response.json(answerNaming(request, id)));
    expect((await resolve(room.sessionId)).status).toBe(502);
  }
  expect(await room.dump()).toEqual(before);
  inference(room.sessionId, (request) => Response.json(answerNaming(request, "c1")));
  expect((await resolve(room.sessionId)).status).toBe(200);
});

test.for(bad)("[S1] the service gives %s: %i, and no table changes", async ([, status, behave]) => {
  const room = new RoomUnderTest(newSession());
  inference(room.sessionId, (request) => Response.json(answerTo(request)));
  expect((await resolve(room.sessionId)).status).toBe(200);
  const before = await room.dump();
  inference(room.sessionId, behave);
  const answer = await resolve(room.sessionId, { "x-idempotency-key": "k" }, { roster: [{ name: "Ada" }] });
  expect(answer.status).toBe(status);
  expect(await answer.text()).not.toMatch(/inference\.test|key=k|elsewhere|<html>/);
  expect(await room.dump()).toEqual(before);
  // The key was not used up, and the queue goes on.
  inference(room.sessionId, (request) => Response.json(answerTo(request)));
  const again = await resolve(room.sessionId, { "x-idempotency-key": "k" });
  expect(again.status).toBe(200);
  expect(again.headers.get("x-idempotent-replay")).toBeNull();
});

const mono = "audio must be pcm_s16le, 16000 Hz, mono";
const refusals: readonly [string, number, object | string, string][] = [
  ["415", 415, { detail: mono }, `415 unsupported_media: Speaker resolve does not take this audio: ${mono}.`],
  [
    "422",
    422,
    { detail: "half a sample." },
    "400 bad_request: Speaker resolve does not take this audio: half a sample.",
  ],
  ["413", 413, "<html>", "400 bad_request: Speaker resolve does not take this audio: the service answered 413."],
  ["its address", 400, { detail: "see http://inference.test/" }, "the service answered 400."],
  ["its host", 422, { detail: "inference.test says no" }, "the service answered 422."],
  ["lines", 422, { detail: "no\n\nmore" }, "audio: no more."],
  ["a list", 422, { detail: [{ loc: ["body"] }] }, "the service answered 422."],
  ["too much", 422, { detail: "a".repeat(20_000) }, "the service answered 422."],
];
test.for(refusals)("[S10] audio that the service refuses with %s is the caller's", async ([, status, body, says]) => {
  const room = new RoomUnderTest(newSession());
  inference(room.sessionId, () => new Response(typeof body === "string" ? body : JSON.stringify(body), { status }));
  // More often than a service may fail before it is left alone.
  for (let i = 0; i < 5; i += 1) {
    const answer = await resolve(room.sessionId);
    const { code, detail } = await answer.json<{ code: string; detail: string }>();
    expect(`${answer.status} ${code}: ${detail}`).toContain(says);
  }
  expect(await room.count("events", "body LIKE '%resolve.stalled%'")).toBe(0);
  inference(room.sessionId, (request) => Response.json(answerTo(request)));
  expect((await resolve(room.sessionId)).status).toBe(200);
});

test("[S3] the same idempotency key gets the first answer again, across eviction and at once", async () => {
  const room = new RoomUnderTest(newSession());
  const requests = inference(room.sessionId, (request) => Response.json({ ...answerTo(request), extra: 1 }));
  const key = { "x-idempotency-key": "window 1" };
  const [a, b] = await Promise.all([resolve(room.sessionId, key), resolve(room.sessionId, key)]);
  await room.evict();
  const c = await resolve(room.sessionId, key);
  expect([a, b, c].map((answer) => answer.headers.get("x-idempotent-replay"))).toEqual([null, "true", "true"]);
  const bodies = await Promise.all([a, b, c].map((answer) => answer.json()));
  expect(bodies[1]).toEqual(bodies[0]);
  expect(bodies[2]).toEqual(bodies[0]);
  expect(requests).toHaveLength(1);
  expect(await clusterIds(room.sessionId)).toEqual(["c1"]);
});

test("[S1] [limit:maxQueuedResolves] more resolves than may wait are refused, retryable", async () => {
  const session = newSession();
  const held = Promise.withResolvers<void>();
  const requests = inference(session, async (request) => {
    await held.promise;
    return Response.json(answerTo(request));
  });
  const waiting = range(1, limits.maxQueuedResolves).map(() => resolve(session));
  await eventually("the first call is at the service", () => requests.length === 1);
  const refused = await resolve(session);
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(await refused.json()).toMatchObject({ code: "resolve_queue_full" });
  held.resolve();
  for (const answer of await Promise.all(waiting)) expect(answer.status).toBe(200);
});

test("[K7] the service hangs: acks go on", async () => {
  const session = newSession();
  const held = Promise.withResolvers<void>();
  const requests = inference(session, async (request) => {
    await held.promise;
    return Response.json(answerTo(request));
  });
  const client = await Client.connect(session);
  const answer = resolve(session);
  await eventually("the call is at the service", () => requests.length === 1);
  await client.keepAll(range(1, 20));
  held.resolve();
  expect((await answer).status).toBe(200);
});
