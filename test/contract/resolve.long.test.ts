/** Speaker resolve against a real HTTP service that is good, slow, wrong or gone. */
import { afterAll, describe, expect, test } from "vitest";
import type { HttpErrorCode } from "../../schemas/wire/errors.ts";
import { type ResolveAnswer, resolveAnswerSchema } from "../../schemas/speech/speakers.ts";
import { pcm } from "../../client/testkit/frames.ts";
import {
  type Answer,
  internalsIn,
  problemOf,
  newSession,
  postJson,
  receivedBodies,
  sessionState,
} from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { answerJson, answerText, answerWell, goodAnswer, InferenceServer } from "../support/inference-server.ts";
import { until } from "../../client/testkit/until.ts";
import { TestClient } from "../support/ws-client.ts";

/** Long enough for a good answer on a busy machine; two cases wait for all of it. */
const timeoutMs = 5_000;
const inference = new InferenceServer();
await inference.start();
afterAll(() => inference.stop());
const env = {
  INFERENCE_BASE_URL: `${inference.url}/speakers/`,
  INFERENCE_RESOLVE_PATH: "/v2/resolve",
  INFERENCE_API_KEY: "test-key-of-the-service",
  RESOLVE_AUTO: "off",
};
const gateway = useGateway({ env: { ...env, INFERENCE_TIMEOUT_MS: String(timeoutMs) } });
/** Waits for the service for as long as a test lets it hang. */
const patient = useGateway({ env: { ...env, INFERENCE_TIMEOUT_MS: "120000" } });

const audio = { content_b64: Buffer.from(pcm(1, 1)).toString("base64"), format: "pcm_s16le" };

function resolve(session: string, body: object = {}, headers: Record<string, string> = {}): Promise<Answer> {
  return postJson(gateway, `/v1/sessions/${session}/resolve`, { audio, ...body }, headers);
}

function resolved(answer: Answer): ResolveAnswer {
  expect(answer).toMatchObject({ status: 200 });
  return resolveAnswerSchema.parse(JSON.parse(answer.text));
}

test("the service gets the key, the audio and the state; the caller gets its answer", async () => {
  const session = newSession();
  const roster = [{ name: "Ann", email: "ann@example.org" }, { name: "Ben" }];
  const answer = resolved(await resolve(session, { asr_text: "good morning", roster }));
  const [call] = inference.received(session);
  expect(call).toMatchObject({ method: "POST", path: "/speakers/v2/resolve" });
  expect(call?.headers["x-api-key"]).toBe("test-key-of-the-service");
  expect(call?.headers["content-type"]).toBe("application/json");
  expect(call?.request).toEqual({
    session_id: session,
    audio: { ...audio, sample_rate: 16_000, channels: 1 },
    asr_text: "good morning",
    state: { clusters: [], bindings: {}, config: {}, roster },
  });
  expect(answer).toEqual(call && goodAnswer(call.request));
  const state = await sessionState(gateway, session);
  // What a voice sounds like is for whoever asks for it.
  const clusters = answer.updated_state.clusters.map((cluster) => ({ ...cluster, centroid: [] }));
  expect(state).toMatchObject({ status: "open", event_count: 2, state: { ...answer.updated_state, clusters } });
  expect(state.state.roster).toEqual(roster);
});

test("what a service adds to its answer is handed on", async () => {
  const session = newSession();
  inference.behave(session, ({ request }, response) => answerJson(response, { ...goodAnswer(request), note: "extra" }));
  expect(resolved(await resolve(session))).toMatchObject({ note: "extra" });
});

test("[S1] five at once run one at a time, each from the state that the one before it left", async () => {
  const session = newSession();
  let running = 0;
  let mostAtOnce = 0;
  inference.behave(session, async (received, response) => {
    running += 1;
    mostAtOnce = Math.max(mostAtOnce, running);
    // Long enough for the others to arrive, were they let through.
    await new Promise((done) => setTimeout(done, 60));
    running -= 1;
    await answerWell(received, response);
  });
  const answers = await Promise.all(Array.from({ length: 5 }, () => resolve(session)));
  const counts = answers.map((answer) => resolved(answer).updated_state.clusters[0]?.sample_count ?? 0);
  expect(counts.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  expect(mostAtOnce).toBe(1);
  const sent = inference.received(session).map(({ request }) => request.state.clusters[0]?.sample_count ?? 0);
  expect(sent).toEqual([0, 1, 2, 3, 4]);
  const { state, event_count } = await sessionState(gateway, session);
  expect(state.clusters[0]?.sample_count).toBe(5);
  // Five resolves, and the name that the first one gave.
  expect(event_count).toBe(6);
});

test("[T1] another session's resolve does not wait for this one's", async () => {
  const [slow, other] = [newSession(), newSession()];
  const gate = Promise.withResolvers<void>();
  inference.behave(slow, async (received, response) => {
    await gate.promise;
    await answerWell(received, response);
  });
  const waiting = resolve(slow);
  await until(() => inference.received(slow)[0], { what: "the slow call" });
  expect(resolved(await resolve(other)).session_id).toBe(other);
  gate.resolve();
  resolved(await waiting);
});

describe("[S3] x-idempotency-key", () => {
  test("the first answer is given again, without another call", async () => {
    const session = newSession();
    const headers = { "x-idempotency-key": "window 1" };
    const first = await resolve(session, {}, headers);
    expect(first.headers["x-idempotent-replay"]).toBeUndefined();
    const other = await resolve(session, { asr_text: "something else" }, headers);
    expect(problemOf(other).code).toBe("idempotency_mismatch");
    const again = await resolve(session, {}, { "idempotency-key": "window 1" });
    expect(again.headers["x-idempotent-replay"]).toBe("true");
    expect(again.text).toBe(first.text);
    expect(inference.received(session)).toHaveLength(1);
    expect((await sessionState(gateway, session)).event_count).toBe(2);
    const next = await resolve(session, {}, { "x-idempotency-key": "window 2" });
    expect(resolved(next).updated_state.clusters[0]?.sample_count).toBe(2);
  });

  test("two at once with one key make one call", async () => {
    const session = newSession();
    const headers = { "x-idempotency-key": "same" };
    const [one, two] = await Promise.all([resolve(session, {}, headers), resolve(session, {}, headers)]);
    expect(one.text).toBe(two.text);
    const replays = [one, two].filter((answer) => answer.headers["x-idempotent-replay"] === "true");
    expect(replays).toHaveLength(1);
    expect(inference.received(session)).toHaveLength(1);
  });

  test("a failure is not remembered, and a key of one session means nothing in another", async () => {
    const session = newSession();
    const headers = { "x-idempotency-key": "key" };
    inference.behave(session, (_received, response) => answerText(response, 500, "down"));
    expect(problemOf(await resolve(session, {}, headers)).code).toBe("inference_failed");
    inference.behave(session, answerWell);
    const answer = await resolve(session, {}, headers);
    resolved(answer);
    expect(answer.headers["x-idempotent-replay"]).toBeUndefined();
    expect((await resolve(newSession(), {}, headers)).headers["x-idempotent-replay"]).toBeUndefined();
  });
});

const wrong: readonly { title: string; code?: HttpErrorCode; answer: Parameters<InferenceServer["behave"]>[1] }[] = [
  { title: "500", answer: (_r, response) => answerText(response, 500, "Traceback: /srv/app/model.py line 3") },
  { title: "404 in HTML", answer: (_r, response) => answerText(response, 404, "<h1>Not found</h1>") },
  { title: "200 in HTML", answer: (_r, response) => answerText(response, 200, "<h1>Welcome</h1>") },
  { title: "an empty answer", answer: (_r, response) => answerText(response, 200, "") },
  { title: "204", answer: (_r, response) => void response.writeHead(204).end() },
  {
    title: "a redirect",
    answer: ({ path }, response) => void response.writeHead(307, { location: `${path}/x` }).end(),
  },
  { title: "a hang-up", answer: (_r, response) => void response.destroy() },
  {
    title: "a hang-up in the middle",
    answer: (_r, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write('{"session_id":', () => response.destroy());
    },
  },
  { title: "no answer in time", code: "inference_timeout", answer: () => {} },
  {
    title: "a body that never ends",
    code: "inference_timeout",
    answer: (_r, response) => void response.writeHead(200).write('{"session_id":'),
  },
  { title: "null", answer: (_r, response) => answerJson(response, null) },
  { title: "an empty map", answer: (_r, response) => answerJson(response, {}) },
  ...changed("another session's id", (good) => ({ ...good, session_id: "another" })),
  ...changed("no cluster_id", (good) => ({ ...good, cluster_id: undefined })),
  ...changed("an unknown decision", (good) => ({ ...good, decision: "maybe" })),
  ...changed("no updated_state", (good) => ({ ...good, updated_state: undefined })),
  ...changed("clusters as a map", (good) => ({ ...good, updated_state: { ...good.updated_state, clusters: {} } })),
  ...changed("a cluster twice", (good) => withClusters(good, (cluster) => [cluster, cluster])),
  ...changed("null in a centroid, as NaN is written", (good) =>
    withClusters(good, (cluster) => [{ ...cluster, centroid: [Number.NaN] }]),
  ),
  ...changed("a string in a centroid", (good) => withClusters(good, (cluster) => [{ ...cluster, centroid: ["0.5"] }])),
  ...changed("a negative sample_count", (good) => withClusters(good, (cluster) => [{ ...cluster, sample_count: -1 }])),
  ...changed("257 clusters", (good) =>
    withClusters(good, (cluster) => Array.from({ length: 257 }, (_, i) => ({ ...cluster, cluster_id: `c${i}` }))),
  ),
  ...changed("1.6 MB", (good) => ({ ...good, note: "x".repeat(1_600_000) })),
  {
    title: "a NaN literal",
    answer: ({ request }, response) =>
      answerText(response, 200, JSON.stringify(goodAnswer(request)).replace("0.5", "NaN")),
  },
  {
    title: "1e999 in a centroid",
    answer: ({ request }, response) =>
      answerText(response, 200, JSON.stringify(goodAnswer(request)).replace("0.5", "1e999")),
  },
];

type Good = ResolveAnswer;
function changed(title: string, change: (good: Good) => unknown): typeof wrong {
  return [{ title, answer: ({ request }, response) => answerJson(response, change(goodAnswer(request))) }];
}
function withClusters(good: Good, change: (cluster: Good["updated_state"]["clusters"][number]) => unknown): unknown {
  return { ...good, updated_state: { ...good.updated_state, clusters: good.updated_state.clusters.flatMap(change) } };
}

describe("[S1] a service that fails, is late or answers wrong changes nothing", () => {
  test.each(wrong)("$title", async ({ code = "inference_failed", answer }) => {
    const session = newSession();
    resolved(await resolve(session));
    const before = await sessionState(gateway, session);
    inference.behave(session, answer);
    const askedAt = Date.now();
    const problem = problemOf(await resolve(session));
    expect(problem.code).toBe(code);
    expect(Date.now() - askedAt).toBeLessThan(timeoutMs + 4_000);
    expect(problem.detail).not.toMatch(/127\.0\.0\.1|test-key|Traceback|<h1>/);
    expect(await sessionState(gateway, session)).toEqual(before);
    // A redirect would have brought a second call.
    expect(inference.received(session)).toHaveLength(2);
    inference.behave(session, answerWell);
    expect(resolved(await resolve(session)).updated_state.clusters[0]?.sample_count).toBe(2);
  });

  test("a service that is gone: 502 at once, and all is well when it is back", async () => {
    const session = newSession();
    resolved(await resolve(session));
    const before = await sessionState(gateway, session);
    await inference.stop();
    expect(problemOf(await resolve(session)).code).toBe("inference_failed");
    expect(await sessionState(gateway, session)).toEqual(before);
    await inference.start();
    expect(resolved(await resolve(session)).updated_state.clusters[0]?.sample_count).toBe(2);
  });
});

test("[K7] acks keep flowing while the service hangs", async () => {
  const session = newSession();
  let letGo: (() => void) | undefined;
  inference.behave(session, ({ request }, response) => {
    letGo = () => answerJson(response, goodAnswer(request));
  });
  const client = await TestClient.connect(patient, { session, encoding: "msgpack" });
  await client.keep(1);
  const waiting = postJson(patient, `/v1/sessions/${session}/resolve`, { audio });
  await until(() => inference.received(session)[0], { what: "the call to the service" });
  for (let seq = 2; seq <= 10; seq += 1) expect(await client.keep(seq)).toMatchObject({ status: "stored" });
  letGo?.();
  expect((await waiting).status).toBe(200);
  expect((await sessionState(patient, session)).ingest).toMatchObject({ received_chunks: 10, missing_chunks: 0 });
  await client.leave();
});

test("nothing internal in what callers got", () => {
  expect(receivedBodies.length).toBeGreaterThan(50);
  expect(internalsIn(receivedBodies)).toEqual([]);
  expect(receivedBodies.filter((text) => text.includes("test-key"))).toEqual([]);
});
