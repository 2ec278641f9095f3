/** What a capture does when the room says no, by the error table. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startCapture } from "../../client/capture/capture.ts";
import { createMemoryOutbox } from "../../client/capture/memory-outbox.ts";
import { openFileOutbox } from "../../client/node/file-outbox.ts";
import { wireErrors } from "../../schemas/wire/errors.ts";
import { until } from "../../client/testkit/until.ts";
import { useFakeMeeting } from "./support/fake-meeting.ts";
import { ackMessage, type FakeRoom, readyMessage } from "./support/fake-room.ts";
import { samplesOf, wireFormat } from "./support/meeting.ts";

const sessionId = "meeting";
const { startRoom, start } = useFakeMeeting(sessionId);

const finalCodes = Object.entries(wireErrors).flatMap(([code, entry]) =>
  "closeCode" in entry && !entry.retryable && entry.closeCode !== 4401 ? [[code, entry.closeCode] as const] : [],
);

test.each(finalCodes)(
  "%s, close %i: the capture fails with the code, and comes back no more",
  async (code, closeCode) => {
    const room = await startRoom(
      () => undefined,
      (peer) => {
        peer.say({ type: "error", code, detail: "No.", retryable: false });
        peer.close(closeCode, code);
      },
    );
    const [capture] = await start(room);
    await expect(capture.outcome()).rejects.toMatchObject({ code, message: "No." });
    expect(room.connections).toBe(1);
  },
);

test("a close code without a word is told by its meaning, not by an earlier error", async () => {
  const room = await startRoom((peer, { type, seq }) => {
    if (type === "hello") peer.say(readyMessage(sessionId));
    if (type !== "chunk") return;
    peer.say({ type: "error", code: "seq_conflict", detail: "Taken.", seq, retryable: false });
    peer.close(4409, "superseded");
  });
  const [capture, listener] = await start(room);
  await capture.write(samplesOf(1, 1));
  await expect(capture.outcome()).rejects.toMatchObject({ code: "superseded" });
  expect(listener.of("lost")).toMatchObject([{ seq: 1, code: "seq_conflict", detail: "Taken." }]);
});

test("a refused token is asked for again, five times in a row at most", async () => {
  const room = await startRoom(
    () => undefined,
    (peer) => {
      peer.say({ type: "error", code: "token_expired", detail: "Too old.", retryable: false });
      peer.close(4401, "token_expired");
    },
  );
  let asked = 0;
  const [capture, listener] = await start(room, { token: () => `token-${(asked += 1)}` });
  await expect(capture.outcome()).rejects.toMatchObject({ code: "token_expired", message: "Too old." });
  expect([asked, room.connections, listener.of("retrying").length]).toEqual([5, 5, 4]);
});

test("without a token provider a refused credential is final at once", async () => {
  const room = await startRoom(
    () => undefined,
    (peer) => peer.close(4401, "unauthorized"),
  );
  const [capture] = await start(room);
  await expect(capture.outcome()).rejects.toMatchObject({ code: "unauthorized" });
  expect(room.connections).toBe(1);
});

test("[W7] without a token provider a gateway that lets nobody in without one is asked why, and the capture fails", async () => {
  const asked: string[] = [];
  const gateway = createServer(({ url = "" }, response) => {
    asked.push(url);
    response.writeHead(401).end();
  });
  gateway.on("upgrade", (_, socket) => {
    socket.end("HTTP/1.1 401 No valid credential\r\ncontent-length: 0\r\n\r\n");
  });
  await once(gateway.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void gateway.close());
  const { port } = gateway.address() as AddressInfo;
  const capture = await startCapture({ baseUrl: `http://127.0.0.1:${port}`, sessionId, format: wireFormat });
  await expect(capture.outcome()).rejects.toMatchObject({ code: "unauthorized" });
  expect(asked).toEqual([`/v1/sessions/${sessionId}/state`]);
});

test.each([1012, 1001])(
  "[P16] a room that says %i is come back to at once; one that proved nothing is not",
  async (code) => {
    const room = await startRoom((peer, frame) => {
      if (frame.type === "hello") peer.say(readyMessage(sessionId));
      if (frame.type !== "chunk" || peer.connection > 2) return;
      if (peer.connection === 1) peer.say(ackMessage(frame));
      peer.close(code, "going_away");
    });
    const [capture, listener] = await start(room);
    await capture.write(samplesOf(1, 1));
    await listener.next("disconnected");
    await until(() => room.connections === 2 || undefined, { what: "the second connection" });
    expect(listener.of("retrying")).toEqual([]);
    await capture.write(samplesOf(2, 2));
    await until(() => room.connections === 3 || undefined, { what: "the third connection" });
    expect(listener.of("retrying")).toMatchObject([{ attempt: 1 }]);
  },
);

test("the token goes as a subprotocol, behind the encoding's", async () => {
  const offers: string[][] = [];
  const room = await startRoom(
    () => undefined,
    (peer) => offers.push([...peer.offers]),
  );
  const [, listener] = await start(room, { token: () => Promise.resolve("a.b.c"), times: { answerTimeoutMs: 100 } });
  await listener.next("disconnected");
  expect(offers[0]).toEqual(["roomtone.v1.json", "bearer.a.b.c"]);
});

test("an end that the room refuses is told as not complete, instead of hanging", async () => {
  const room = await startRoom((peer, { type }) => {
    if (type === "hello") peer.say(readyMessage(sessionId));
    if (type === "end") peer.say({ type: "error", code: "bad_frame", detail: "Chunks beyond.", retryable: false });
  });
  const [capture] = await start(room);
  expect(await capture.end()).toEqual({ complete: false, missing: [], lost: [] });
});

test("what is rate limited is sent again after the time the room named", async () => {
  let refused = 0;
  const room = await startRoom((peer, frame) => {
    const { type, seq, last_seq: lastSeq } = frame;
    if (type === "hello") peer.say(readyMessage(sessionId));
    if (type === "end") peer.say({ type: "ended", last_seq: lastSeq, complete: true, missing: [] });
    if (type !== "chunk") return;
    refused += 1;
    if (refused > 2) peer.say(ackMessage(frame));
    else peer.say({ type: "error", code: "rate_limited", detail: "Later.", seq, retryable: true, retry_after_ms: 50 });
  });
  const [capture, listener] = await start(room);
  await capture.write(samplesOf(1, 6));
  expect(await capture.end()).toMatchObject({ complete: true, lost: [] });
  expect(listener.of("acked")).toHaveLength(6);
  expect(room.connections).toBe(1);
});

test("an ack makes up for lost ones by contiguous_seq, and for nothing beyond it", async () => {
  const room = await startRoom((peer, frame) => {
    if (frame.type === "hello") peer.say(readyMessage(sessionId));
    // The acks of 1, 2 and 4 are lost.
    if (frame.type === "chunk" && frame.seq === 3) peer.say(ackMessage(frame));
  });
  const [capture, listener] = await start(room);
  await capture.write(samplesOf(1, 4));
  await listener.next("acked", 3);
  await until(() => room.frames.filter(({ type }) => type === "chunk").length === 4 || undefined, { what: "4 chunks" });
  expect(listener.of("acked").map(({ seq }) => seq)).toEqual([3, 1, 2]);
  expect(capture.lagSeconds).toBe(1);
});

test("a second that the room will never keep is told, and counted at the end", async () => {
  const room = await startRoom((peer, frame) => {
    const { type, seq, last_seq: lastSeq } = frame;
    if (type === "hello") peer.say(readyMessage(sessionId));
    if (type === "end") peer.say({ type: "ended", last_seq: lastSeq, complete: true, missing: [] });
    if (type !== "chunk") return;
    if (seq === 2) peer.say({ type: "error", code: "seq_conflict", detail: "Taken.", seq, retryable: false });
    else peer.say(ackMessage(frame));
  });
  const [capture] = await start(room);
  await capture.write(samplesOf(1, 3));
  expect(await capture.end()).toEqual({ complete: true, missing: [], lost: [[2, 2]] });
});

/** Acks with the hash of other bytes where `isWrong`. */
function changingRoom(isWrong: (seq: number) => boolean): Promise<FakeRoom> {
  return startRoom((peer, frame) => {
    const { type, seq = 0, last_seq: lastSeq } = frame;
    if (type === "hello") peer.say(readyMessage(sessionId));
    if (type === "end") peer.say({ type: "ended", last_seq: lastSeq, complete: true, missing: [] });
    if (type === "chunk") peer.say({ ...ackMessage(frame), ...(isWrong(seq) ? { sha256: "0".repeat(64) } : {}) });
  });
}

test("[K1] an ack of other bytes than were sent is no ack: the second is told lost, and its bytes stay", async () => {
  const room = await changingRoom((seq) => seq === 2);
  const folder = await mkdtemp(join(tmpdir(), "roomtone-outbox-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [capture, listener] = await start(room, { outbox: await openFileOutbox({ folder }) });
  await capture.write(samplesOf(1, 3));
  expect(await capture.end()).toEqual({ complete: true, missing: [], lost: [[2, 2]] });
  expect(listener.of("lost")).toMatchObject([{ seq: 2, code: "ack_mismatch" }]);
  expect(listener.of("acked").map(({ seq }) => seq)).toEqual([1, 3]);
  await capture.close();
  const aside = (await readdir(folder)).filter((name) => name.endsWith(".pcm.aside"));
  expect(aside).toHaveLength(1);
  const bytes = await readFile(join(folder, aside[0] ?? ""));
  expect(Buffer.compare(bytes, Buffer.from(samplesOf(2, 2).buffer))).toBe(0);
  const again = await openFileOutbox({ folder });
  expect((await again.load()).unacked).toEqual([]);
  await again.close();
});

test("[K1] eight such acks are no accident: the capture fails, and what is left stays in the outbox", async () => {
  const room = await changingRoom(() => true);
  const outbox = createMemoryOutbox();
  const [capture, listener] = await start(room, { outbox });
  await capture.write(samplesOf(1, 20));
  await expect(capture.outcome()).rejects.toMatchObject({ code: "ack_mismatch" });
  expect(listener.of("lost")).toHaveLength(8);
  await capture.close();
  expect((await outbox.load()).unacked).toEqual([[9, 20]]);
});

test("noise instead of messages does no harm; the answer that is missing is asked for again", async () => {
  const room = await startRoom((peer, { type, last_seq: lastSeq }) => {
    if (type === "hello" && peer.connection === 1) peer.say({ type: "ready" });
    else if (type === "hello") peer.say(readyMessage(sessionId));
    else peer.say({ type: "ended", last_seq: lastSeq, complete: true, missing: [] });
  });
  const [capture] = await start(room, { times: { answerTimeoutMs: 100 } });
  expect(await capture.end()).toMatchObject({ complete: true });
  expect(room.connections).toBe(2);
});

test("an outbox that fails ends the capture, and says why", async () => {
  const room = await startRoom(() => undefined);
  const outbox = { ...createMemoryOutbox(), put: () => Promise.reject(new Error("disk on fire")) };
  const [capture] = await start(room, { outbox });
  await expect(capture.write(samplesOf(1, 1))).rejects.toThrow("disk on fire");
  await expect(capture.outcome()).rejects.toMatchObject({ code: "outbox" });
  await expect(capture.write(samplesOf(2, 2))).rejects.toMatchObject({ code: "outbox" });
});

test("a buffer may be used again as soon as write was called", async () => {
  const room = await startRoom((peer, frame) => {
    if (frame.type === "hello") peer.say(readyMessage(sessionId));
    if (frame.type === "chunk") peer.say(ackMessage(frame));
  });
  const [capture, listener] = await start(room);
  const buffer = samplesOf(1, 1);
  const written = capture.write(buffer);
  buffer.fill(0);
  await written;
  await listener.next("acked");
  const sent = room.frames.find(({ type }) => type === "chunk");
  expect(sent?.["content_b64"]).toBe(Buffer.from(samplesOf(1, 1).buffer).toString("base64"));
});
