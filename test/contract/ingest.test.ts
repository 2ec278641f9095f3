/** Ingest as a third-party client meets it, in both encodings, against a real `npm start`. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { pongText } from "../../schemas/wire/messages.ts";
import { chunkFrame, helloFields, pcm } from "../../client/testkit/frames.ts";
import { newSession, sessionState } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { TestClient } from "../support/ws-client.ts";

const gateway = useGateway();
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe.each(["json", "msgpack"] as const)("%s", (encoding) => {
  test("[K1] a bare client: hello, three chunks without waiting, status, close", async () => {
    const session = newSession();
    const client = await TestClient.connect(gateway, { session, encoding });
    expect(client.socket.protocol).toBe(`roomtone.v1.${encoding}`);
    client.send({ ...helloFields, meeting_id: session, stream_role: "mixed" });
    for (const seq of [1, 2, 3]) client.sendChunk(seq);
    const ready = await client.next("ready");
    expect(ready).toMatchObject({ protocol: 1, session_id: session, resume: { next_seq: 1, missing: [] } });
    expect(ready.limits.max_in_flight).toBeGreaterThanOrEqual(3);
    for (const seq of [1, 2, 3]) {
      expect(await client.next("ack")).toEqual({
        type: "ack",
        seq,
        status: "stored",
        key: `sessions/${session}/chunks/0000000${seq}.pcm`,
        sha256: sha256(pcm(1, seq)),
        last_seq: seq,
        contiguous_seq: seq,
        missing_count: 0,
        duplicate_count: 0,
      });
    }
    client.send({ type: "status" });
    const status = await client.next("status");
    expect(status).toMatchObject({ session_id: session, meeting_id: session, track: "mixed", received_chunks: 3 });
    expect(status).toMatchObject({ last_seq: 3, contiguous_seq: 3, bytes_stored: 96_000, rejected_chunks: 0 });
    client.send({ type: "close", reason: "done" });
    expect(await client.next("closing")).toEqual({ type: "closing", reason: "done" });
    expect((await client.closed()).code).toBe(1000);
    const { ingest, status: sessionStatus } = await sessionState(gateway, session);
    expect(ingest.received_chunks).toBe(3);
    expect(sessionStatus).toBe("open");
  });

  test("[W4] a chunk may come before hello, and without it", async () => {
    const client = await TestClient.connect(gateway, { session: newSession(), encoding });
    expect(await client.keep(1)).toMatchObject({ status: "stored", missing_count: 0 });
    client.send(helloFields);
    expect((await client.next("ready")).resume).toEqual({ next_seq: 2, missing: [] });
    await client.leave();
  });

  test("[K2] the same bytes again are a duplicate; other bytes are a conflict and the first ones stay", async () => {
    const session = newSession();
    const client = await TestClient.connect(gateway, { session, encoding });
    const first = await client.keep(1);
    client.sendChunk(1);
    expect(await client.next("ack")).toEqual({ ...first, status: "duplicate", duplicate_count: 1 });
    client.sendChunk(1, { seed: 2 });
    expect(await client.next("error")).toMatchObject({ code: "seq_conflict", seq: 1, retryable: false });
    client.sendChunk(1);
    expect(await client.next("ack")).toMatchObject({ status: "duplicate", sha256: first.sha256, duplicate_count: 2 });
    await client.leave();
    const { ingest } = await sessionState(gateway, session);
    expect(ingest).toMatchObject({ received_chunks: 1, duplicate_chunks: 2, rejected_chunks: 1, bytes_stored: 32_000 });
  });

  test("[K6] out of order and with gaps: the watermarks and the missing ranges say so", async () => {
    const client = await TestClient.connect(gateway, { session: newSession(), encoding });
    expect(await client.keep(5)).toMatchObject({ last_seq: 5, contiguous_seq: 0, missing_count: 4 });
    expect(await client.keep(2)).toMatchObject({ last_seq: 5, contiguous_seq: 0, missing_count: 3 });
    expect(await client.keep(1)).toMatchObject({ last_seq: 5, contiguous_seq: 2, missing_count: 2 });
    expect(await client.keep(9)).toMatchObject({ last_seq: 9, contiguous_seq: 2, missing_count: 5 });
    client.send({ type: "status" });
    const gaps = [
      [3, 4],
      [6, 8],
    ];
    expect(await client.next("status")).toMatchObject({ missing: gaps, missing_chunks: 5, received_chunks: 4 });
    for (const seq of [8, 3, 6, 4]) await client.keep(seq);
    expect(await client.keep(7)).toMatchObject({ last_seq: 9, contiguous_seq: 9, missing_count: 0 });
    await client.leave();
  });

  test("[K6] after a reconnect, resume names exactly the missing seconds, and sending them completes", async () => {
    const session = newSession();
    const before = await TestClient.connect(gateway, { session, encoding });
    for (const seq of [1, 2, 4, 7]) await before.keep(seq);
    before.socket.terminate();
    const after = await TestClient.connect(gateway, { session, encoding });
    after.send(helloFields);
    const { resume, ingest } = await after.next("ready");
    const missing = [
      [3, 3],
      [5, 6],
    ];
    expect(resume).toEqual({ next_seq: 8, missing });
    expect(ingest).toMatchObject({ last_seq: 7, contiguous_seq: 2, received_chunks: 4 });
    for (const seq of [3, 5, 6, 8]) expect(await after.keep(seq)).toMatchObject({ status: "stored" });
    after.send({ type: "end", last_seq: 8 });
    expect(await after.next("ended")).toEqual({ type: "ended", last_seq: 8, complete: true, missing: [] });
    await after.leave();
  });

  test("[W10] end announces the tail: what is not there is missing, and fills up later", async () => {
    const session = newSession();
    const client = await TestClient.connect(gateway, { session, encoding });
    for (const seq of [1, 3]) await client.keep(seq);
    client.send({ type: "end", last_seq: 5, padding_samples: 15_999 });
    const missing = [
      [2, 2],
      [4, 5],
    ];
    expect(await client.next("ended")).toEqual({ type: "ended", last_seq: 5, complete: false, missing });
    expect((await sessionState(gateway, session)).ingest).toMatchObject({ last_seq: 3, missing, missing_chunks: 3 });
    for (const seq of [2, 4, 5]) await client.keep(seq);
    client.send({ type: "end", last_seq: 5 });
    expect(await client.next("ended")).toMatchObject({ complete: true, missing: [] });
    await client.leave();
  });

  test("[W8] the exact ping text is answered by the platform, any other ping by the room", async () => {
    const client = await TestClient.connect(gateway, { session: newSession(), encoding });
    client.sendRaw('{"type":"ping"}');
    expect(await client.next("pong")).toEqual(JSON.parse(pongText));
    const askedAt = Date.now();
    client.send({ type: "ping", note: "another spelling" });
    const { ts } = await client.next("pong");
    expect(Math.abs((ts ?? 0) - askedAt)).toBeLessThan(60_000);
    await client.leave();
  });

  test("[W6] the newest connection of a track wins it; the older one is told and closed", async () => {
    const session = newSession();
    const older = await TestClient.connect(gateway, { session, encoding });
    await older.keep(1);
    const newer = await TestClient.connect(gateway, { session, encoding });
    newer.send(helloFields);
    expect((await newer.next("ready")).resume.next_seq).toBe(2);
    expect(await older.next("closing")).toEqual({ type: "closing", reason: "superseded" });
    expect((await older.closed()).code).toBe(4409);
    expect(await newer.keep(2)).toMatchObject({ status: "stored", missing_count: 0 });
    await newer.leave();
  });
});

test("[W6] a connection that says nothing takes no track, however new; with its first chunk it does", async () => {
  const session = newSession();
  const silentBefore = await TestClient.connect(gateway, { session, track: "mic" });
  const streaming = await TestClient.connect(gateway, { session, track: "mic" });
  // As the late twin of an attempt that its client gave up.
  const silent = await TestClient.connect(gateway, { session, track: "mic" });
  await streaming.keep(1);
  await silentBefore.next("closing");
  silent.send({ type: "status" });
  await silent.next("status");
  silent.sendRaw("{");
  await silent.next("error");
  await streaming.keep(2);
  await silent.keep(3);
  expect(await streaming.next("closing")).toEqual({ type: "closing", reason: "superseded" });
  expect((await streaming.closed()).code).toBe(4409);
  expect(await silent.keep(4)).toMatchObject({ contiguous_seq: 4 });
  await silent.leave();
});

test("[W5] two tracks at once, one named by the URL and one by hello, count apart", async () => {
  const session = newSession();
  const mic = await TestClient.connect(gateway, { session, track: "mic" });
  const teacher = await TestClient.connect(gateway, { session, encoding: "msgpack" });
  teacher.send({ ...helloFields, track: "teacher" });
  expect((await teacher.next("ready")).ingest.track).toBe("teacher");
  expect((await mic.keep(1)).key).toBe(`sessions/${session}/tracks/mic/chunks/00000001.pcm`);
  expect(await teacher.keep(2, { seed: 2 })).toMatchObject({
    key: `sessions/${session}/tracks/teacher/chunks/00000002.pcm`,
    missing_count: 1,
  });
  expect(await mic.keep(2)).toMatchObject({ status: "stored", contiguous_seq: 2 });
  const state = await sessionState(gateway, session);
  expect(Object.keys(state.ingest_by_track).sort()).toEqual(["mic", "teacher"]);
  expect(state.ingest_by_track["mic"]).toMatchObject({ received_chunks: 2, missing_chunks: 0 });
  expect(state.ingest_by_track["teacher"]).toMatchObject({ received_chunks: 1, missing: [[1, 1]] });
  // No `mixed` here: the first track stands for the session.
  expect(state.ingest.track).toBe("mic");
  await Promise.all([mic.leave(), teacher.leave()]);
});

test("[W3] the first offered subprotocol that the room speaks is chosen; JSON without an offer", async () => {
  const session = newSession();
  const offers = ["other.v9", "roomtone.v1.msgpack", "roomtone.v1.json"];
  const chosen = await TestClient.connect(gateway, { session, encoding: "msgpack", subprotocols: offers });
  expect(chosen.socket.protocol).toBe("roomtone.v1.msgpack");
  const bare = await TestClient.connect(gateway, { session, track: "mic", subprotocols: [] });
  expect(bare.socket.protocol).toBe("");
  expect(await bare.keep(1)).toMatchObject({ status: "stored" });
  // What a client sends is told by the frame; what it gets, by the subprotocol.
  chosen.sendRaw(chunkFrame("json", session, 1));
  expect(await chosen.next("ack")).toMatchObject({ seq: 1, status: "stored" });
  bare.sendRaw(chunkFrame("msgpack", session, 2));
  expect(await bare.next("ack")).toMatchObject({ seq: 2, status: "stored" });
  await Promise.all([chosen.leave(), bare.leave()]);
});

test("[T1] two sessions that differ in case only share nothing", async () => {
  const session = newSession();
  const lower = await TestClient.connect(gateway, { session: `${session}-a` });
  const upper = await TestClient.connect(gateway, { session: `${session}-A` });
  await lower.keep(1);
  expect(await upper.keep(1, { seed: 2 })).toMatchObject({ status: "stored", duplicate_count: 0 });
  expect((await sessionState(gateway, `${session}-a`)).ingest.received_chunks).toBe(1);
  await Promise.all([lower.leave(), upper.leave()]);
});
