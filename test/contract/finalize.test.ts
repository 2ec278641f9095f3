/** Finalize and the result, from outside. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createHashChain } from "../../schemas/chain.ts";
import { type FinalizeAnswer, finalizeAnswerSchema } from "../../schemas/http/finalize.ts";
import { type SessionResult, sessionResultSchema } from "../../schemas/http/result.ts";
import { helloFields, pcm } from "../../client/testkit/frames.ts";
import {
  type Answer,
  internalsIn,
  problemOf,
  newSession,
  postJson,
  receivedBodies,
  send,
  sessionState,
} from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { answerWell, InferenceServer } from "../support/inference-server.ts";
import { TestClient } from "../support/ws-client.ts";
import { until } from "../../client/testkit/until.ts";

const inference = new InferenceServer();
await inference.start();
const gateway = useGateway({ env: { INFERENCE_BASE_URL: inference.url } });

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

function finalize(session: string, body: object = {}): Promise<Answer> {
  return postJson(gateway, `/v1/sessions/${session}/finalize`, body);
}

function finalized(answer: Answer): FinalizeAnswer {
  expect(answer).toMatchObject({ status: 200 });
  return finalizeAnswerSchema.parse(JSON.parse(answer.text));
}

function getResult(session: string, headers: Record<string, string> = {}): Promise<Answer> {
  return send(gateway, `/v1/sessions/${session}/result`, { headers });
}

async function resultOf(session: string): Promise<SessionResult> {
  const answer = await getResult(session);
  expect(answer).toMatchObject({ status: 200 });
  return sessionResultSchema.parse(JSON.parse(answer.text));
}

/** A session whose track `mixed` has these chunks, and a connection to it that is still open. */
async function streamed(seqs: readonly number[], track?: string): Promise<TestClient> {
  const client = await TestClient.connect(gateway, { session: newSession(), ...(track ? { track } : {}) });
  for (const seq of seqs) await client.keep(seq);
  return client;
}

function chainHead(sessionId: string, track: string, seqs: readonly number[], seed = 1): string {
  const chain = createHashChain({ tenant: "default", sessionId, track }, sha256);
  for (const seq of seqs) chain.add(seq, sha256(pcm(seed, seq)));
  return chain.head();
}

test("[F3] the result has what was streamed: metadata, coverage, gaps, and a chain anyone can recompute", async () => {
  const client = await streamed([1, 2, 4, 7]);
  const { session } = client;
  const metadata = { subject: "Interview 7", nested: { list: [1, "two", null] } };
  const answer = finalized(await finalize(session, { metadata }));
  expect(answer).toMatchObject({ session_id: session, result_key: `sessions/${session}/result.json` });
  expect(answer.coverage).toBeCloseTo(4 / 7, 12);
  const result = await resultOf(session);
  expect(result).toMatchObject({ schema_version: 2, tenant: "default", session_id: session, metadata });
  expect(result.finalized_at).toBe(answer.finalized_at);
  expect(result.coverage).toBe(answer.coverage);
  expect(result.gaps).toEqual([
    { track: "mixed", from_seq: 3, to_seq: 3, cause: "never_sent" },
    { track: "mixed", from_seq: 5, to_seq: 6, cause: "never_sent" },
  ]);
  expect(result.ingest).toMatchObject({ received_chunks: 4, missing_chunks: 3, archived_seq: 7, last_seq: 7 });
  expect(result.ingest_by_track).toEqual({ mixed: result.ingest });
  expect(result.audio).toEqual([
    {
      track: "mixed",
      key_prefix: `sessions/${session}/chunks/`,
      chunks: 4,
      bytes: 128_000,
      duration_ms: 7_000,
      padding_samples: 0,
      ended: false,
      offset_ms: 0,
      origin_ms: expect.any(Number),
      origin_source: "room",
      chain_head: chainHead(session, "mixed", [1, 2, 4, 7]),
      wav: {
        key: `sessions/${session}/audio/mixed.wav`,
        bytes: 44 + 7 * 32_000,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    },
  ]);
  expect(result.audio[0]?.chain_head).not.toBe(chainHead(session, "mixed", [1, 2, 3, 4]));
  expect(result.events.map(({ event_id, type }) => [event_id, type])).toEqual([
    [1, "track.opened"],
    [2, "session.finalizing"],
    [3, "session.finalized"],
  ]);
  expect(answer.event_count).toBe(3);
  expect(await sessionState(gateway, session)).toMatchObject({ status: "finalized", event_count: 3 });
  await client.leave();
});

test("[F3] two tracks, an end with padding and a speaker: each is in the result", async () => {
  const session = newSession();
  const mic = await TestClient.connect(gateway, { session, track: "mic" });
  const teacher = await TestClient.connect(gateway, { session, track: "teacher", encoding: "msgpack" });
  for (const seq of [1, 2]) await mic.keep(seq);
  await teacher.keep(1, { seed: 2 });
  mic.send({ type: "end", last_seq: 2, padding_samples: 4_000 });
  await mic.next("ended");
  const audio = { content_b64: "AAAA", format: "pcm_s16le" };
  expect((await postJson(gateway, `/v1/sessions/${session}/resolve`, { audio })).status).toBe(200);
  expect(finalized(await finalize(session)).coverage).toBe(1);
  const result = await resultOf(session);
  expect(result.gaps).toEqual([]);
  const [micAudio, teacherAudio] = result.audio;
  expect(micAudio).toMatchObject({ track: "mic", padding_samples: 4_000, duration_ms: 2_000 });
  expect(micAudio?.chain_head).toBe(chainHead(session, "mic", [1, 2]));
  expect(teacherAudio).toMatchObject({ track: "teacher", key_prefix: `sessions/${session}/tracks/teacher/chunks/` });
  expect(teacherAudio?.chain_head).toBe(chainHead(session, "teacher", [1], 2));
  expect(result.state).toMatchObject({ bindings: { c1: "Ann" } });
  expect(result.events.map(({ type }) => type)).toContain("speaker.resolved");
  expect(result.events.map(({ type }) => type)).toContain("track.ended");
  await Promise.all([mic.leave(), teacher.leave()]);
});

test("the result is 409 before, then has an ETag that a cache can ask with", async () => {
  const client = await streamed([1]);
  expect(problemOf(await getResult(client.session)).code).toBe("not_finalized");
  finalized(await finalize(client.session));
  const first = await getResult(client.session);
  expect(first.headers["content-type"]).toMatch(/^application\/json/);
  const etag = first.headers["etag"] ?? "";
  expect(etag).toMatch(/^"[^"]+"$/);
  const cached = await getResult(client.session, { "if-none-match": etag });
  expect(cached).toMatchObject({ status: 304, text: "" });
  expect(cached.headers["etag"]).toBe(etag);
  expect((await getResult(client.session, { "if-none-match": '"another"' })).text).toBe(first.text);
  expect((await getResult(client.session)).text).toBe(first.text);
  await client.leave();
});

describe("[F1] finalize is idempotent", () => {
  test("again, the same answer; with other metadata it is refused, and the result stays the same", async () => {
    const client = await streamed([1, 2]);
    const first = await finalize(client.session, { metadata: { n: 1 } });
    const result = await getResult(client.session);
    expect((await finalize(client.session, { metadata: { n: 1 } })).text).toBe(first.text);
    const other = await finalize(client.session, { metadata: { n: 2 }, expect: { mixed: 9 } });
    expect(problemOf(other).code).toBe("session_finalized");
    expect(await getResult(client.session)).toMatchObject({
      text: result.text,
      headers: { etag: result.headers["etag"] },
    });
    await client.leave();
  });

  test("eight at once are one", async () => {
    const client = await streamed([1, 2, 3, 4, 5, 6, 7, 8]);
    const bodies = Array.from({ length: 8 }, () => finalize(client.session, { metadata: { n: 1 } }));
    const answers = await Promise.all(bodies);
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    for (const answer of answers) expect(finalized(answer)).toMatchObject({ coverage: 1, event_count: 3 });
    expect((await resultOf(client.session)).ingest.archived_seq).toBe(8);
    await client.leave();
  });

  test("with chunks on their way: every acked one is in the result, every other was refused", async () => {
    const client = await streamed([1]);
    for (let seq = 2; seq <= 30; seq += 1) client.sendChunk(seq);
    const answering = finalize(client.session);
    const acked = [1];
    let refusal: string | undefined;
    while (refusal === undefined && acked.length < 30) {
      const message = await client.nextOf("ack", "error");
      if (message.type === "ack") acked.push(message.seq);
      else refusal = message.code;
    }
    expect([undefined, "session_finalized"]).toContain(refusal);
    finalized(await answering);
    const { audio, ingest } = await resultOf(client.session);
    expect(ingest.received_chunks).toBe(acked.length);
    expect(audio[0]?.chain_head).toBe(chainHead(client.session, "mixed", acked));
    client.socket.terminate();
  });
});

describe("[F2] after finalize nothing more is kept, and the refusal says so", () => {
  test("on the old connection: a kept chunk is still acked, a new one ends it with 4410", async () => {
    const client = await streamed([1, 2]);
    finalized(await finalize(client.session));
    const before = await sessionState(gateway, client.session);
    expect(await client.keep(1)).toMatchObject({ status: "duplicate", duplicate_count: 0 });
    client.send({ type: "status" });
    expect(await client.next("status")).toMatchObject({ received_chunks: 2, duplicate_chunks: 0 });
    client.sendRaw("no frame at all");
    expect((await client.next("error")).code).toBe("bad_json");
    client.sendChunk(3);
    expect(await client.next("error")).toMatchObject({ code: "session_finalized", seq: 3, retryable: false });
    expect((await client.closed()).code).toBe(4410);
    expect(await sessionState(gateway, client.session)).toEqual(before);
  });

  test.each(["json", "msgpack"] as const)("a new connection (%s) is taken, told and closed", async (encoding) => {
    const client = await streamed([1]);
    finalized(await finalize(client.session));
    const before = await sessionState(gateway, client.session);
    for (const track of [undefined, "mixed", "new"]) {
      const late = await TestClient.connect(gateway, {
        session: client.session,
        encoding,
        ...(track === undefined ? {} : { track }),
      });
      expect(await late.next("error")).toMatchObject({ code: "session_finalized", retryable: false });
      expect((await late.closed()).code).toBe(4410);
    }
    expect(await sessionState(gateway, client.session)).toEqual(before);
    await client.leave();
  });

  test("resolve is 409, and the state stays", async () => {
    const client = await streamed([1]);
    const path = `/v1/sessions/${client.session}/resolve`;
    const body = { audio: { content_b64: "AAAA", format: "pcm_s16le" } };
    expect((await postJson(gateway, path, body, { "x-idempotency-key": "k" })).status).toBe(200);
    finalized(await finalize(client.session));
    const before = await sessionState(gateway, client.session);
    expect(problemOf(await postJson(gateway, path, body)).code).toBe("session_finalized");
    // What was answered before is given again: a caller may have lost it.
    const replay = await postJson(gateway, path, body, { "x-idempotency-key": "k" });
    expect(replay.headers["x-idempotent-replay"]).toBe("true");
    expect(await sessionState(gateway, client.session)).toEqual(before);
    await client.leave();
  });

  test("a resolve under way when finalize begins is in the result", async () => {
    const client = await streamed([1]);
    const { session } = client;
    const gate = Promise.withResolvers<void>();
    inference.behave(session, async (received, response) => {
      await gate.promise;
      await answerWell(received, response);
    });
    const body = { audio: { content_b64: "AAAA", format: "pcm_s16le" } };
    const resolving = postJson(gateway, `/v1/sessions/${session}/resolve`, body);
    await until(() => inference.received(session)[0], { what: "the call to the service" });
    const finalizing = finalize(session);
    await until(async () => (await sessionState(gateway, session)).status === "finalizing" || undefined, {
      what: "the session to be finalizing",
    });
    expect(problemOf(await getResult(session)).code).toBe("not_finalized");
    gate.resolve();
    expect((await resolving).status).toBe(200);
    finalized(await finalizing);
    const { state, events } = await resultOf(session);
    expect(state.bindings).toEqual({ c1: "Ann" });
    expect(events.at(-1)?.type).toBe("session.finalized");
    expect(events.map(({ type }) => type)).toContain("speaker.resolved");
    await client.leave();
  });
});

describe("[F3] expect: a tail that never came is missing", () => {
  test("of a track that was streamed, and of one that never was", async () => {
    const client = await streamed([1, 2]);
    const answer = finalized(await finalize(client.session, { expect: { mixed: 4, mic: 4 } }));
    expect(answer.coverage).toBe(2 / 8);
    const { gaps, ingest_by_track } = await resultOf(client.session);
    expect(gaps).toEqual([
      { track: "mic", from_seq: 1, to_seq: 4, cause: "never_sent" },
      { track: "mixed", from_seq: 3, to_seq: 4, cause: "never_sent" },
    ]);
    expect(ingest_by_track["mic"]).toMatchObject({ received_chunks: 0, missing_chunks: 4 });
    await client.leave();
  });

  test("more tracks than a session may have: refused, and the session stays open", async () => {
    const client = await streamed([1]);
    const tracks = Array.from({ length: 16 }, (_, i) => [`t${i}`, 1]);
    const answer = await finalize(client.session, { expect: Object.fromEntries(tracks) });
    expect(problemOf(answer).code).toBe("bad_request");
    expect(await client.keep(2)).toMatchObject({ status: "stored" });
    expect(Object.keys((await sessionState(gateway, client.session)).ingest_by_track)).toEqual(["mixed"]);
    await client.leave();
  });

  test("less than was streamed takes nothing away", async () => {
    const client = await streamed([1, 2, 3]);
    expect(finalized(await finalize(client.session, { expect: { mixed: 2 } })).coverage).toBe(1);
    expect((await resultOf(client.session)).ingest.received_chunks).toBe(3);
    await client.leave();
  });

  test("a session that was opened and got nothing has kept nothing of it, and lacks nothing", async () => {
    const client = await TestClient.connect(gateway, { session: newSession() });
    client.send(helloFields);
    await client.next("ready");
    expect(finalized(await finalize(client.session)).coverage).toBe(0);
    const { audio, gaps, ingest } = await resultOf(client.session);
    expect(gaps).toEqual([]);
    expect(audio[0]?.chain_head).toBe(chainHead(client.session, "mixed", []));
    expect(ingest).toMatchObject({ received_chunks: 0, started_at: null });
    await client.leave();
  });
});

test("nothing internal in what callers got", async () => {
  await inference.stop();
  expect(internalsIn(receivedBodies)).toEqual([]);
});
