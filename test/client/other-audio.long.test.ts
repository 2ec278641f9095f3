/** A track that has audio which this outbox never sent (SPEC C8), against a real gateway. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type Capture, startCapture } from "../../client/capture/capture.ts";
import type { CaptureOptions } from "../../client/capture/capture-types.ts";
import { createMemoryOutbox } from "../../client/capture/memory-outbox.ts";
import type { Outbox } from "../../client/capture/outbox.ts";
import { openFileOutbox } from "../../client/node/file-outbox.ts";
import { until } from "../../client/testkit/until.ts";
import { newSession, sessionState } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { FakeRoom, readyMessage } from "./support/fake-room.ts";
import { expectWhole, feed, Listener, samplesOf, wireFormat } from "./support/meeting.ts";

const gateway = useGateway();
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(options: Partial<CaptureOptions> & { sessionId: string }): Promise<[Capture, Listener]> {
  const capture = await startCapture({ baseUrl: gateway.url, format: wireFormat, ...options });
  closers.push(() => capture.close());
  return [capture, new Listener(capture)];
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "roomtone-outbox-"));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Captures seconds until the room keeps them, and leaves the outbox to the next. */
async function streamed(sessionId: string, from: number, to: number, outbox: Outbox, live = false): Promise<void> {
  const [capture] = await start({ sessionId, outbox, live, append: true });
  await feed(capture, samplesOf(from, to));
  await until(() => (capture.nextSeq > to && capture.lagSeconds === 0) || undefined, { what: "all acks" });
  await capture.close();
}

async function received(sessionId: string): Promise<number> {
  return (await sessionState(gateway, sessionId)).ingest.received_chunks;
}

test.each([
  ["a file", false],
  ["a live source", true],
])("[C8] %s from another outbox is refused, pushes off nobody, and waits in its outbox for leave", async (_, live) => {
  const sessionId = newSession();
  const [first, heard] = await start({ sessionId });
  await feed(first, samplesOf(1, 3));
  await heard.next("acked", 3);
  const folder = await newFolder();
  const [second, listener] = await start({ sessionId, live, outbox: await openFileOutbox({ folder }) });
  second.write(samplesOf(4, 5)).catch(() => undefined);
  await expect(second.outcome()).rejects.toMatchObject({ code: "other_audio", seconds: 3 });
  expect(listener.of("connected")).toEqual([]);
  await second.close();
  // The one that streams was not taken the track from.
  expect(await first.end()).toMatchObject({ complete: true });
  expect(heard.of("disconnected")).toEqual([]);
  expect(await received(sessionId)).toBe(3);
  const outbox = await openFileOutbox({ folder });
  const [third] = await start({ sessionId, outbox, append: true });
  await feed(third, samplesOf(4 + third.sourceSeconds, 5));
  expect(await third.end()).toMatchObject({ complete: true });
  await expectWhole(gateway, sessionId, 5);
});

test("[C8] the same outbox goes on by itself, also where another process of it fed the room", async () => {
  const sessionId = newSession();
  const folder = await newFolder();
  const outbox = await openFileOutbox({ folder });
  const [first] = await start({ sessionId, outbox });
  await feed(first, samplesOf(1, 4));
  await until(() => first.lagSeconds === 0 || undefined, { what: "all acks" });
  await first.close();
  const [second] = await start({ sessionId, outbox: await openFileOutbox({ folder }) });
  await feed(second, samplesOf(5, 6));
  expect(await second.end()).toMatchObject({ complete: true });
  await expectWhole(gateway, sessionId, 6);
});

test("[C8] devices that take a live track over from each other go on behind what the other captured", async () => {
  const sessionId = newSession();
  const laptop = createMemoryOutbox();
  await streamed(sessionId, 1, 2, laptop, true);
  await streamed(sessionId, 3, 4, createMemoryOutbox(), true);
  let seconds = 4;
  const [again, listener] = await start({ sessionId, outbox: laptop, live: true, now: () => seconds * 1_000 });
  await listener.next("connected");
  seconds = 5;
  await again.write(samplesOf(5, 5));
  expect((await again.end()).lost).toEqual([]);
  expect(await received(sessionId)).toBe(5);
});

test("[C8] a copy of a folder is refused once the original went on", async () => {
  const sessionId = newSession();
  const [folder, copy] = [await newFolder(), await newFolder()];
  await streamed(sessionId, 1, 2, await openFileOutbox({ folder }));
  await cp(folder, copy, { recursive: true });
  await streamed(sessionId, 3, 6, await openFileOutbox({ folder }));
  const [capture] = await start({ sessionId, outbox: await openFileOutbox({ folder: copy }) });
  capture.write(samplesOf(3, 3)).catch(() => undefined);
  await expect(capture.outcome()).rejects.toMatchObject({ code: "other_audio", seconds: 4 });
});

test("[C8] what came between the question and the greeting counts as well", async () => {
  const sessionId = "meeting";
  const room = await FakeRoom.start((peer, { type }) => {
    if (type === "hello") peer.say(readyMessage(sessionId, 2));
  });
  closers.push(() => room.close());
  const [capture] = await start({ sessionId, baseUrl: room.url, encoding: "json" });
  await expect(capture.outcome()).rejects.toMatchObject({ code: "other_audio", seconds: 2 });
  expect(room.frames.map(({ type }) => type)).toEqual(["hello"]);
});

test("[C8] the room's answer to a declared gap begins nothing anew", async () => {
  const sessionId = "meeting";
  const room = await FakeRoom.start((peer, { type }) => {
    if (type === "hello") peer.say(readyMessage(sessionId));
    if (type === "gap") peer.say({ type: "status", last_seq: 0 });
    if (type === "end") peer.say({ type: "ended", last_seq: 3, complete: false, missing: [[1, 3]] });
  });
  closers.push(() => room.close());
  const [capture, listener] = await start({ sessionId, baseUrl: room.url, encoding: "json" });
  await listener.next("connected");
  await capture.skip(3);
  await capture.end();
  expect(room.frames.map(({ type }) => type)).toEqual(["hello", "gap", "end"]);
});

test("[C8] a capture that runs goes on behind what came while it was away", async () => {
  const sessionId = "meeting";
  let lastSeq = 0;
  const room = await FakeRoom.start((peer, { type }) => {
    if (type === "hello") peer.say(readyMessage(sessionId, lastSeq));
    if (type === "hello" && lastSeq === 0) peer.close(1012, "restart");
    lastSeq = 3;
  });
  closers.push(() => room.close());
  const [capture, listener] = await start({ sessionId, baseUrl: room.url, encoding: "json" });
  await listener.next("connected", 2);
  await capture.write(samplesOf(1, 1));
  expect(capture.nextSeq).toBe(5);
});
