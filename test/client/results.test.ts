/** The results library: the whole flow against a gateway, and each fault against a server that is told to have it. */
import { afterAll, describe, expect, test } from "vitest";
import {
  createResultsClient,
  encodeBase64,
  RoomtoneAnswerError,
  RoomtoneError,
  RoomtoneHttpError,
  RoomtoneNetworkError,
  RoomtoneTimeoutError,
  type ResultsClientOptions,
} from "../../client/index.ts";
import { parseRetryAfter, retryDelayMs } from "../../client/results/retry.ts";
import { pcm } from "../../client/testkit/frames.ts";
import { newSession } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { goodAnswer, InferenceServer } from "../support/inference-server.ts";
import { TestClient } from "../support/ws-client.ts";
import {
  hang,
  hangUp,
  html,
  json,
  problem,
  scriptedGateway,
  scriptedTraceId,
  stall,
} from "./support/scripted-gateway.ts";

const health = {
  status: "ok",
  app: "roomtone",
  version: "1",
  build: "b",
  durable_object: "D",
  r2_bucket: "R",
  inference: "embedded",
} as const;
const pending = { session_id: "s", status: "finalizing", pending_chunks: 2, missing: {}, not_ended: [] } as const;
const finalized = {
  session_id: "s",
  result_key: "sessions/s/result.json",
  event_count: 3,
  finalized_at: "2026-01-01T00:00:00Z",
  coverage: 1,
  missing: {},
  not_ended: [],
} as const;
const body = { audio: { content_b64: encodeBase64(pcm(1, 1)), format: "pcm_s16le" } };
const resolved = goodAnswer({
  session_id: "s",
  audio: { ...body.audio, sample_rate: 16_000, channels: 1 },
  asr_text: null,
  state: { clusters: [], bindings: {}, config: {} },
});

const never = () => new Promise<never>(() => undefined);

/** What the promise rejects with, which must be of this class. */
async function failure<T extends Error>(
  promise: Promise<unknown>,
  type: abstract new (...args: never[]) => T,
): Promise<T> {
  const cause: unknown = await promise.then(
    (value) => new Error(`did not reject, but gave ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (cause instanceof type) return cause;
  throw cause;
}

describe("against a gateway", async () => {
  const inference = new InferenceServer();
  await inference.start();
  afterAll(() => inference.stop());
  const gateway = useGateway({
    env: { INFERENCE_BASE_URL: inference.url, JWT_SECRET: "the-secret-of-this-test-and-of-nothing-else" },
  });
  const connect = (options: Partial<ResultsClientOptions> = {}) =>
    createResultsClient({ baseUrl: gateway.url, ...options });

  test("the whole flow: health, resolve, state, finalize, result", async () => {
    const client = connect({ token: () => "a.b.c" });
    const session = newSession();
    expect(await client.health()).toMatchObject({ app: "roomtone", inference: "service" });
    const capture = await TestClient.connect(gateway, { session });
    for (const seq of [1, 2, 4]) await capture.keep(seq);
    const notYet = await failure(client.result(session), RoomtoneHttpError);
    expect(notYet).toMatchObject({ code: "not_finalized", status: 409, path: `v1/sessions/${session}/result` });
    expect(await client.resolve(session, body)).toMatchObject({ cluster_id: "c1", speaker_name: "Ann" });
    expect(await client.state(session)).toMatchObject({ status: "open", ingest: { received_chunks: 3 } });
    const answer = await client.finalize(session, { metadata: { a: 1 }, expect: { mixed: 5 } });
    expect(answer).toMatchObject({ session_id: session, coverage: 3 / 5 });
    expect(await client.finalize(session, undefined, { wait: false })).toEqual(answer);
    const result = await client.result(session);
    expect(result).toMatchObject({ session_id: session, metadata: { a: 1 }, state: { bindings: { c1: "Ann" } } });
    expect(await failure(client.resolve(session, body), RoomtoneHttpError)).toMatchObject({
      code: "session_finalized",
      retryAfterMs: undefined,
    });
    await capture.leave();
  });

  test("[S3] a resolve whose answer was lost is asked for again, and done once", async () => {
    const session = newSession();
    let calls = 0;
    const client = connect({
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        calls += 1;
        if (calls > 1) return answer;
        await answer.text();
        throw new TypeError("lost on the way back");
      },
    });
    const answer = await client.resolve(session, body, { idempotencyKey: "window 1" });
    expect(answer.updated_state.clusters[0]?.sample_count).toBe(1);
    expect(calls).toBe(2);
    expect(inference.received(session)).toHaveLength(1);
  });

  test("[A1] audio and documents of a meeting, and its webhooks", async () => {
    const client = connect();
    const session = newSession();
    const capture = await TestClient.connect(gateway, { session });
    for (const seq of [1, 2]) await capture.keep(seq);
    const { body: wav, size, etag } = await client.audio(session);
    const bytes = new Uint8Array(await new Response(wav).arrayBuffer());
    expect([bytes.length, size]).toEqual([44 + 2 * 32_000, 44 + 2 * 32_000]);
    expect(etag).toMatch(/^".+"$/);
    const rest = { range: { from: 60_000 }, ifRange: etag };
    const { body: end, range } = await client.audio(session, rest);
    expect(range).toEqual({ from: 60_000, to: bytes.length - 1 });
    expect(Buffer.compare(await new Response(end).bytes(), bytes.subarray(60_000))).toBe(0);
    expect(await failure(client.audio(session, { track: "none" }), RoomtoneHttpError)).toMatchObject({
      code: "track_not_found",
    });
    await client.addUtterances(session, [{ utterance_id: "u", start_ms: 0, end_ms: 900, text: "Good morning." }]);
    expect(await client.exportDocument(session, "transcript.vtt", { track: "mixed" })).toContain("Good morning.");
    for (const name of ["transcript.srt", "transcript.txt"] as const)
      expect(await client.exportDocument(session, name)).toContain("Good morning.");
    const ofNone = client.exportDocument(session, "speakers.rttm", { track: "none" });
    expect(await failure(ofNone, RoomtoneHttpError)).toMatchObject({ code: "track_not_found" });
    expect(await client.deliveries(session)).toEqual([]);
    await capture.leave();
  });

  test("a token for a browser", async () => {
    const session = newSession();
    await connect().createSession({ session_id: session });
    const minted = await connect().mintToken(session, { role: "observe", lifetime_s: 60 });
    expect(minted).toMatchObject({ session_id: session, role: "observe" });
    expect(await connect({ token: minted.token }).state(session)).toMatchObject({ session_id: session });
  });

  test("the trace id that was sent is the one of the gateway's answer", async () => {
    let sent = "";
    const client = connect({
      fetch: (input, init) => {
        sent = new Headers(init?.headers).get("traceparent") ?? "";
        return fetch(input, init);
      },
    });
    const error = await failure(client.state(newSession()), RoomtoneHttpError);
    expect(error.code).toBe("session_not_found");
    expect(sent).toBe(`00-${error.traceId}-${sent.slice(36, 52)}-01`);
  });
});

describe("a request that can do no harm twice is sent again", () => {
  const faults = [
    ["500", problem("internal")],
    ["502 of a proxy, in HTML", html(502)],
    ["a hang-up", hangUp],
  ] as const;
  test.each(faults)("%s, then 200", async (_title, fault) => {
    const gateway = await scriptedGateway(fault, json(health));
    const client = createResultsClient({ baseUrl: gateway.url });
    expect(await client.health()).toEqual(health);
    expect(gateway.asked).toHaveLength(2);
    const traceparents = gateway.asked.map(({ headers }) => String(headers["traceparent"]));
    expect(new Set(traceparents).size, "a parent id for each request").toBe(2);
    expect(new Set(traceparents.map((each) => each.slice(0, 35))).size, "one trace id").toBe(1);
  });

  test("503 with Retry-After, then 200: not before that second is over", async () => {
    const gateway = await scriptedGateway(problem("result_unavailable", { "retry-after": "1" }), json(finalized));
    const client = createResultsClient({ baseUrl: gateway.url });
    await client.finalize("s");
    const [first, second] = gateway.asked;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  test("finalize and a resolve with a key are; the key goes with both", async () => {
    const finalizing = await scriptedGateway(hangUp, json(finalized));
    expect(await createResultsClient({ baseUrl: finalizing.url }).finalize("s", { metadata: { a: 1 } })).toEqual(
      finalized,
    );
    expect(finalizing.asked.map((asked) => asked.body)).toEqual(['{"metadata":{"a":1}}', '{"metadata":{"a":1}}']);
    const resolving = await scriptedGateway(problem("inference_timeout"), json(resolved));
    await createResultsClient({ baseUrl: resolving.url }).resolve("s", body, { idempotencyKey: "k" });
    expect(resolving.asked.map(({ headers }) => headers["x-idempotency-key"])).toEqual(["k", "k"]);
  });

  test("a resolve without a key is not, where it may have been done", async () => {
    for (const fault of [hangUp, problem("inference_failed"), html(503)]) {
      const gateway = await scriptedGateway(fault, json(resolved));
      await failure(createResultsClient({ baseUrl: gateway.url }).resolve("s", body), RoomtoneError);
      expect(gateway.asked).toHaveLength(1);
    }
  });

  test("not for ever, and never with retries 0", async () => {
    const gateway = await scriptedGateway(problem("internal"));
    const error = await failure(
      createResultsClient({ baseUrl: gateway.url, retries: 1 }).state("s"),
      RoomtoneHttpError,
    );
    expect(error).toMatchObject({ code: "internal", status: 500, detail: "A sentence.", traceId: scriptedTraceId });
    expect(gateway.asked).toHaveLength(2);
    await failure(createResultsClient({ baseUrl: gateway.url, retries: 0 }).state("s"), RoomtoneHttpError);
    expect(gateway.asked).toHaveLength(3);
  });

  test("what would fail the same way is told at once", async () => {
    const lasting = [problem("session_not_found"), problem("misconfigured"), html(404)];
    for (const line of lasting) {
      const gateway = await scriptedGateway(line, json(health));
      await failure(createResultsClient({ baseUrl: gateway.url }).health(), RoomtoneHttpError);
      expect(gateway.asked).toHaveLength(1);
    }
  });

  test("pauses grow, jitter is added to Retry-After, and a minute of it is the caller's to wait", () => {
    const call = { method: "GET", path: "health", traceId: "" } as const;
    const lost = new RoomtoneNetworkError(call, "");
    expect([1, 2, 3].map((attempt) => retryDelayMs(lost, attempt, 1))).toEqual([500, 1_000, 2_000]);
    expect(retryDelayMs(lost, 3, 0)).toBe(250);
    const busy = (retryAfterMs: number) =>
      new RoomtoneHttpError(call, { code: "resolve_queue_full", status: 503, detail: "", retryAfterMs });
    expect(retryDelayMs(busy(1_000), 1, 1)).toBe(1_500);
    expect(retryDelayMs(busy(61_000), 1, 1)).toBeUndefined();
    expect(parseRetryAfter("Thu, 01 Jan 1970 00:00:09 GMT", 4_000)).toBe(5_000);
    expect(parseRetryAfter("2", 0)).toBe(2_000);
    expect(parseRetryAfter("soon", 0)).toBeUndefined();
  });
});

describe("answers that are none", () => {
  test.each([
    ["no answer", hang],
    ["half an answer", stall],
  ])("%s in time", async (_title, line) => {
    const gateway = await scriptedGateway(line);
    const client = createResultsClient({ baseUrl: gateway.url, timeoutMs: 600, retries: 0 });
    const error = await failure(client.health(), RoomtoneTimeoutError);
    expect(error).toBeInstanceOf(RoomtoneNetworkError);
    expect(error.message).toBe("GET health got no whole answer in 600 ms.");
    expect(error.traceId).toBe(gateway.asked[0]?.headers["traceparent"]?.slice(3, 35));
  });

  test("a fetch that heeds no signal, and a token provider that never answers: still in time", async () => {
    const base = { baseUrl: "http://127.0.0.1:9", timeoutMs: 30, retries: 0 };
    const fetching = createResultsClient({ ...base, fetch: never }).health();
    await expect(fetching).rejects.toThrow(RoomtoneTimeoutError);
    const asking = createResultsClient({ ...base, token: never }).state("s");
    await expect(asking).rejects.toThrow(RoomtoneTimeoutError);
  });

  test("nobody there", async () => {
    const gateway = createResultsClient({ baseUrl: "http://127.0.0.1:9", fetch, retries: 0 });
    expect((await failure(gateway.health(), RoomtoneNetworkError)).message).toMatch(/^GET health got no answer: ./);
  });

  test.each([
    ["HTML", html(200), "is not JSON"],
    ["wrong JSON", json({ ...health, app: "another" }), "breaks the contract at app"],
    ["null", json(null), "breaks the contract at its root"],
  ])("200 with %s: said, and not asked for again", async (_title, line, says) => {
    const gateway = await scriptedGateway(line);
    const error = await failure(createResultsClient({ baseUrl: gateway.url }).health(), RoomtoneAnswerError);
    expect(error.message).toContain(says);
    expect(gateway.asked).toHaveLength(1);
  });

  test("a redirect is not followed: the token would go with it", async () => {
    const gateway = await scriptedGateway((response) => void response.writeHead(307, { location: "/other" }).end());
    const client = createResultsClient({ baseUrl: gateway.url, token: "t0ken" });
    expect(await failure(client.state("s"), RoomtoneHttpError)).toMatchObject({
      code: "unexpected_answer",
      status: 307,
    });
    expect(gateway.asked).toHaveLength(1);
  });
});

describe("finalize waits", () => {
  test("202, 202, then the answer; one trace", async () => {
    const gateway = await scriptedGateway(json(pending, 202), json(pending, 202), json(finalized));
    expect(await createResultsClient({ baseUrl: gateway.url }).finalize("s")).toEqual(finalized);
    expect(gateway.asked.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array.from({ length: 3 }, () => "POST /v1/sessions/s/finalize"),
    );
    expect(new Set(gateway.asked.map(({ headers }) => headers["traceparent"]?.slice(0, 35))).size).toBe(1);
  });

  test("wait: false gives the 202", async () => {
    const gateway = await scriptedGateway(json(pending, 202));
    expect(await createResultsClient({ baseUrl: gateway.url }).finalize("s", {}, { wait: false })).toEqual(pending);
  });

  test("not longer than it is told to, whether the gateway answers or hangs", async () => {
    const answering = await scriptedGateway(json(pending, 202));
    const late = createResultsClient({ baseUrl: answering.url }).finalize("s", {}, { maxWaitMs: 200 });
    expect((await failure(late, RoomtoneTimeoutError)).message).toContain("2 chunks are not yet in R2");
    const hanging = await scriptedGateway(hang);
    await failure(
      createResultsClient({ baseUrl: hanging.url }).finalize("s", {}, { maxWaitMs: 200 }),
      RoomtoneTimeoutError,
    );
    expect(hanging.asked).toHaveLength(1);
  });
});

describe("an abort ends a call with the signal's reason", () => {
  const scripts = [
    ["while it waits for an answer", hang],
    ["in the middle of an answer", stall],
    ["between two attempts", problem("internal", { "retry-after": "30" })],
    ["between two polls", json(pending, 202)],
  ] as const;
  test.each(scripts)("%s", async (_title, line) => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const gateway = await scriptedGateway((response) => {
      line(response);
      // Time for what was answered to arrive.
      setTimeout(() => controller.abort(reason), 50);
    });
    const client = createResultsClient({ baseUrl: gateway.url });
    await expect(client.finalize("s", {}, { signal: controller.signal })).rejects.toBe(reason);
    expect(gateway.asked).toHaveLength(1);
  });

  test("before it begins: nothing is sent", async () => {
    const gateway = await scriptedGateway(json(health));
    const client = createResultsClient({ baseUrl: gateway.url });
    const reason = new Error("never mind");
    await expect(client.health({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(gateway.asked).toEqual([]);
  });
});

describe("[N1] nothing is sent for an argument that could not be right", () => {
  test.each(["", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "ä", "-a", "a b", "a\n", "x".repeat(129)])(
    "session id %j",
    async (id) => {
      const gateway = await scriptedGateway(json(health));
      const client = createResultsClient({ baseUrl: gateway.url });
      for (const call of [client.state(id), client.result(id), client.resolve(id, body), client.finalize(id)]) {
        await failure(call, TypeError);
      }
      expect(gateway.asked).toEqual([]);
    },
  );

  test.each(["", " ", "k ", "ä", "a\nb", "x".repeat(256)])("idempotency key %j", async (idempotencyKey) => {
    const gateway = await scriptedGateway(json(resolved));
    await failure(createResultsClient({ baseUrl: gateway.url }).resolve("s", body, { idempotencyKey }), TypeError);
    expect(gateway.asked).toEqual([]);
  });

  test.each(["nowhere", "ftp://a", "http://me:secret@a", "http://a?b=1", "http://a#b"])("base URL %s", (baseUrl) => {
    expect(() => createResultsClient({ baseUrl })).toThrow(TypeError);
  });
});

describe("the token", () => {
  test("is asked for before every request, goes in the header, and not to health", async () => {
    const gateway = await scriptedGateway(problem("internal"), json(finalized), json(health));
    let asked = 0;
    const client = createResultsClient({
      baseUrl: `${gateway.url}/behind/a/path`,
      token: async () => `t${(asked += 1)}`,
    });
    await client.finalize("s");
    await client.health();
    expect(gateway.asked.map(({ headers }) => headers.authorization)).toEqual(["Bearer t1", "Bearer t2", undefined]);
    expect(gateway.asked.map(({ path }) => path)).toEqual([
      "/behind/a/path/v1/sessions/s/finalize",
      "/behind/a/path/v1/sessions/s/finalize",
      "/behind/a/path/health",
    ]);
  });

  test("is in no error and no URL, whoever quotes it", async () => {
    const token = "s3cret-token";
    const quoting = await scriptedGateway(problem("bad_request", {}, `Bad header: Bearer ${token}`));
    const base = { baseUrl: quoting.url, token, retries: 0 };
    const errors: Error[] = [
      await failure(createResultsClient(base).state("s"), RoomtoneHttpError),
      await failure(
        createResultsClient({ ...base, fetch: () => Promise.reject(new TypeError(`Bearer ${token}`)) }).state("s"),
        RoomtoneNetworkError,
      ),
      await failure(createResultsClient({ ...base, token: `${token}\n` }).state("s"), TypeError),
      await failure(
        createResultsClient({ ...base, fetch: globalThis.fetch, token: `${token}ä` }).state("s"),
        TypeError,
      ),
    ];
    for (const error of errors) {
      const texts = [error.message, error.stack, JSON.stringify(error), String(error.cause)];
      expect(texts.filter((text) => text?.includes(token))).toEqual([]);
    }
    expect(quoting.asked.filter(({ path }) => path.includes(token))).toEqual([]);
  });
});
