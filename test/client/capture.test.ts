/** The capture library against a real gateway, with nothing in between. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WebSocket as WsWebSocket } from "ws";
import { type Capture, startCapture } from "../../client/capture/capture.ts";
import { CaptureFailedError, type CaptureOptions } from "../../client/capture/capture-types.ts";
import { createMemoryOutbox } from "../../client/capture/memory-outbox.ts";
import { OutboxMismatchError } from "../../client/capture/outbox.ts";
import { openFileOutbox } from "../../client/node/file-outbox.ts";
import { newSession, sessionState } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { until } from "../../client/testkit/until.ts";
import { TestClient } from "../support/ws-client.ts";
import { helloFields } from "../../client/testkit/frames.ts";
import { chainOf, expectWhole, feed, finalize, Listener, samplesOf, second, wireFormat } from "./support/meeting.ts";

const gateway = useGateway();
const captures: Capture[] = [];
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(captures.splice(0).map((capture) => capture.close()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<CaptureOptions> & { sessionId: string }): Promise<[Capture, Listener]> {
  const capture = await startCapture({ baseUrl: gateway.url, format: wireFormat, ...options });
  captures.push(capture);
  return [capture, new Listener(capture)];
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-outbox-"));
  folders.push(folder);
  return folder;
}

describe.each([
  ["the global WebSocket", undefined],
  ["ws", WsWebSocket],
])("over %s", (_name, WebSocket) => {
  test.each(["json", "msgpack"] as const)("[K1] a whole meeting as %s is kept to the byte", async (encoding) => {
    const sessionId = newSession();
    const [capture, listener] = await start({ sessionId, encoding, WebSocket, track: "mic", clientId: "test" });
    await feed(capture, samplesOf(1, 70));
    expect(await capture.end()).toEqual({ complete: true, missing: [], lost: [] });
    expect(capture.lagSeconds).toBe(0);
    expect(listener.of("acked").map(({ seq }) => seq)).toEqual(Array.from({ length: 70 }, (_, i) => i + 1));
    const result = await expectWhole(gateway, sessionId, 70, "mic");
    expect(result.ingest_by_track["mic"]).toMatchObject({
      received_chunks: 70,
      duplicate_chunks: 0,
      rejected_chunks: 0,
    });
  });
});

test("a global WebSocket is not needed where one is given", async () => {
  const theirs = globalThis.WebSocket;
  Reflect.deleteProperty(globalThis, "WebSocket");
  try {
    await expect(start({ sessionId: newSession() })).rejects.toThrow("no global WebSocket");
    const [capture] = await start({ sessionId: newSession(), WebSocket: WsWebSocket });
    await feed(capture, samplesOf(1, 2));
    expect(await capture.end()).toMatchObject({ complete: true });
  } finally {
    globalThis.WebSocket = theirs;
  }
});

test("[W10] the last second is filled up with silence, and end says with how much", async () => {
  const sessionId = newSession();
  const [capture] = await start({ sessionId });
  await feed(capture, samplesOf(1, 3).subarray(0, 2 * 16_000 + 4_000));
  expect(await capture.end()).toMatchObject({ complete: true });
  const { audio, coverage } = await finalize(gateway, sessionId);
  expect(coverage).toBe(1);
  const chunks = [
    [1, second(1)],
    [2, second(2)],
    [3, second(3, 4_000)],
  ] as const;
  expect(audio).toMatchObject([
    { chunks: 3, padding_samples: 12_000, chain_head: chainOf(sessionId, "mixed", chunks) },
  ]);
});

test("a track without a sample ends, and is complete", async () => {
  const [capture] = await start({ sessionId: newSession() });
  expect(await capture.end()).toEqual({ complete: true, missing: [], lost: [] });
  await expect(capture.write(samplesOf(1, 1))).rejects.toMatchObject({ code: "ended" });
});

test("skipped seconds stay a gap: later speech keeps its place, and end names them as missing", async () => {
  const sessionId = newSession();
  const [capture, listener] = await start({ sessionId });
  await feed(capture, samplesOf(1, 2));
  await capture.skip(3);
  await feed(capture, samplesOf(6, 7));
  expect(await capture.end()).toEqual({ complete: false, missing: [[3, 5]], lost: [] });
  expect(listener.of("gap")).toMatchObject([{ from: 3, to: 5 }]);
  const { audio, gaps } = await finalize(gateway, sessionId);
  expect(gaps).toEqual([{ track: "mixed", from_seq: 3, to_seq: 5, cause: "capture_stall" }]);
  const chunks = [1, 2, 6, 7].map((seq) => [seq, second(seq)] as const);
  expect(audio[0]?.chain_head).toBe(chainOf(sessionId, "mixed", chunks));
});

test("a live source that stalls leaves an explicit gap, to the sample", async () => {
  const sessionId = newSession();
  let elapsedMs = 0;
  const [capture, listener] = await start({ sessionId, live: true, elapsed: () => elapsedMs, times: { stallMs: 100 } });
  const samples = samplesOf(1, 8);
  const writeAt = (ms: number, block: Int16Array): Promise<boolean> => {
    elapsedMs = ms;
    return capture.write(block);
  };
  // Captured at 0–1.5 s and from 4.25 s on: 2.75 s are not there.
  await writeAt(1_501, samples.subarray(0, 24_000));
  await listener.next("stalled");
  await writeAt(5_001, samples.subarray(68_000, 80_000));
  await writeAt(6_001, samples.subarray(80_000, 96_000));
  expect(await capture.end()).toEqual({ complete: false, missing: [[3, 4]], lost: [] });
  expect(listener.of("gap")).toMatchObject([{ from: 3, to: 4 }]);
  const fifth = second(5);
  fifth.fill(0, 0, 4_000 * 2);
  const chunks = [
    [1, second(1)],
    [2, second(2, 8_000)],
    [5, fifth],
    [6, second(6)],
  ] as const;
  const { audio } = await finalize(gateway, sessionId);
  expect(audio[0]?.chain_head).toBe(chainOf(sessionId, "mixed", chunks));
});

test("[C1] a live source that hands over seconds at once, under a wall clock that is set, has no gap", async () => {
  const sessionId = newSession();
  let elapsedMs = 0;
  let wallMs = 1_700_000_000_000;
  const [capture, listener] = await start({ sessionId, live: true, elapsed: () => elapsedMs, now: () => wallMs });
  for (let burst = 1; burst <= 4; burst += 1) {
    elapsedMs = burst * 2_000;
    // Set by five minutes, forth and back.
    wallMs += burst % 2 === 0 ? -300_000 : 302_000;
    for (let i = 0; i < 4; i += 1) {
      const at = (burst - 1) * 32_000 + i * 8_000;
      await capture.write(samplesOf(1, 8).subarray(at, at + 8_000));
    }
  }
  expect(await capture.end()).toEqual({ complete: true, missing: [], lost: [] });
  expect(listener.of("gap")).toEqual([]);
  expect((await finalize(gateway, sessionId)).audio[0]?.chain_head).toBe(
    chainOf(
      sessionId,
      "mixed",
      [1, 2, 3, 4, 5, 6, 7, 8].map((seq) => [seq, second(seq)] as const),
    ),
  );
});

test("[C2] a live source that goes on in another process leaves the time between as a gap", async () => {
  const sessionId = newSession();
  const outbox = createMemoryOutbox();
  let wallMs = 1_700_000_000_000;
  let elapsedMs = 0;
  const run = async (from: number, to: number): Promise<Capture> => {
    const [capture] = await start({ sessionId, live: true, outbox, now: () => wallMs, elapsed: () => elapsedMs });
    for (let at = from; at <= to; at += 1) {
      wallMs += 1_000;
      elapsedMs += 1_000;
      await capture.write(samplesOf(at, at));
    }
    return capture;
  };
  const killed = await run(1, 4);
  await until(() => killed.lagSeconds === 0 || undefined, { what: "four seconds" });
  await killed.close();
  wallMs += 12_000;
  elapsedMs = 0;
  const again = await run(17, 20);
  expect(again.sourceSeconds).toBe(20);
  expect(await again.end()).toEqual({ complete: false, missing: [[5, 16]], lost: [] });
});

test("[C1] a live source that died before its end leaves the time as a gap", async () => {
  const sessionId = newSession();
  let elapsedMs = 1_000;
  const [capture] = await start({ sessionId, live: true, elapsed: () => elapsedMs });
  await capture.write(samplesOf(1, 1));
  elapsedMs += 12_000;
  expect(await capture.end()).toEqual({ complete: false, missing: [[2, 13]], lost: [] });
});

test("a full outbox refuses a block, loses nothing, and takes it when it is offered again", async () => {
  const sessionId = newSession();
  // Nobody is there to take anything yet.
  const [capture, listener] = await start({ sessionId, baseUrl: "http://127.0.0.1:1", outbox: createMemoryOutbox(2) });
  expect(await capture.write(samplesOf(1, 2))).toBe(true);
  expect(await capture.write(samplesOf(3, 4)), "taken, and held").toBe(true);
  expect(await capture.write(samplesOf(5, 5))).toBe(false);
  expect(await capture.write(samplesOf(5, 5))).toBe(false);
  expect(listener.of("full")).toHaveLength(1);
  expect(capture.lagSeconds).toBe(4);
});

test("waiting for space for long holds no more than waiting briefly", async () => {
  const outbox = createMemoryOutbox(1);
  const [capture] = await start({ sessionId: newSession(), baseUrl: "http://127.0.0.1:1", outbox });
  await capture.write(samplesOf(1, 2));
  const listening = vi.spyOn(capture, "on");
  const puts = vi.spyOn(outbox, "put");
  const space = capture.whenSpace();
  await until(() => puts.mock.calls.length > 2 || undefined, { what: "three looks" });
  expect(listening).toHaveBeenCalledTimes(2);
  await capture.close();
  await expect(space).rejects.toMatchObject({ code: "closed" });
});

test("a source that is faster than the room is slowed down by its outbox, and whole", async () => {
  const sessionId = newSession();
  const [capture, listener] = await start({ sessionId, outbox: createMemoryOutbox(3) });
  expect(await feed(capture, samplesOf(1, 40))).toBeGreaterThan(0);
  expect(await capture.end()).toMatchObject({ complete: true });
  expect(listener.of("space").length).toBeGreaterThan(0);
  await expectWhole(gateway, sessionId, 40);
});

test("a source that ends on a full outbox waits until all of it is stored", async () => {
  const sessionId = newSession();
  const [capture] = await start({ sessionId, outbox: createMemoryOutbox(1) });
  await capture.write(samplesOf(1, 5));
  expect(await capture.end()).toMatchObject({ complete: true });
  await expectWhole(gateway, sessionId, 5);
});

test("[F2] a finalized session fails the capture and leaves the outbox as it is", async () => {
  const sessionId = newSession();
  const folder = newFolder();
  const outbox = await openFileOutbox({ folder });
  const [capture, listener] = await start({ sessionId, outbox });
  await feed(capture, samplesOf(1, 3));
  await listener.next("acked", 3);
  await finalize(gateway, sessionId);
  const refused = capture.write(samplesOf(4, 5)).then(() => capture.end());
  await expect(refused).rejects.toBeInstanceOf(CaptureFailedError);
  await expect(capture.outcome()).rejects.toMatchObject({ code: "session_finalized" });
  await expect(capture.write(samplesOf(6, 6))).rejects.toMatchObject({ code: "session_finalized" });
  await capture.close();
  const again = await openFileOutbox({ folder });
  expect(await again.load()).toMatchObject({ unacked: [[4, 5]] });
  await again.close();
});

test("[W6] a newer connection of the track fails the capture with superseded", async () => {
  const sessionId = newSession();
  const [capture, listener] = await start({ sessionId });
  await feed(capture, samplesOf(1, 1));
  await listener.next("acked");
  const newer = await TestClient.connect(gateway, { session: sessionId, track: "mixed" });
  newer.send(helloFields);
  await newer.next("ready");
  await expect(capture.outcome()).rejects.toMatchObject({ code: "superseded" });
  expect(listener.of("disconnected")).toMatchObject([{ code: 4409 }]);
  expect(listener.of("retrying")).toEqual([]);
  await newer.leave();
});

test("close leaves what is not kept in the outbox; the next capture goes on there", async () => {
  const sessionId = newSession();
  const folder = newFolder();
  const [offline] = await start({
    sessionId,
    baseUrl: "http://127.0.0.1:1",
    outbox: await openFileOutbox({ folder }),
  });
  await feed(offline, samplesOf(1, 4).subarray(0, 3 * 16_000 + 100));
  await offline.close();
  await expect(offline.end()).rejects.toMatchObject({ code: "closed" });
  await expect(offline.write(samplesOf(1, 1))).rejects.toMatchObject({ code: "closed" });
  const [capture] = await start({ sessionId, outbox: await openFileOutbox({ folder }) });
  expect(capture.nextSeq).toBe(4);
  expect(capture.lagSeconds).toBe(3);
  await feed(capture, samplesOf(4, 6));
  expect(await capture.end()).toMatchObject({ complete: true });
  await expectWhole(gateway, sessionId, 6);
});

test("an outbox whose source had ended is delivered, padding and all", async () => {
  const sessionId = newSession();
  const folder = newFolder();
  const outbox = await openFileOutbox({ folder });
  const [offline] = await start({ sessionId, baseUrl: "http://127.0.0.1:1", outbox });
  await feed(offline, samplesOf(1, 2).subarray(0, 20_000));
  offline.end().catch(() => undefined);
  await until(async () => (await outbox.load()).end, { what: "the end to be stored" });
  await offline.close();
  const [capture] = await start({ sessionId, outbox: await openFileOutbox({ folder }) });
  expect(capture.isSourceOver).toBe(true);
  await expect(capture.write(samplesOf(3, 3))).rejects.toMatchObject({ code: "ended" });
  expect(await capture.end()).toMatchObject({ complete: true });
  const { audio } = await finalize(gateway, sessionId);
  expect(audio).toMatchObject([{ chunks: 2, padding_samples: 12_000 }]);
});

test("[C8] a new outbox goes on behind what the track has where it may, also with what it captured before it knew", async () => {
  const sessionId = newSession();
  const [first] = await start({ sessionId });
  await feed(first, samplesOf(1, 5));
  await first.end();
  // As after a crash that took the outbox: nothing tells that five seconds are there already.
  const [capture, listener] = await start({ sessionId, append: true });
  await capture.write(samplesOf(6, 8));
  expect(await capture.end()).toEqual({ complete: true, missing: [], lost: [] });
  expect(listener.of("renumbered")).toMatchObject([{ from: 1, to: 3, by: 5 }]);
  await expectWhole(gateway, sessionId, 8);
});

test("[W6] a connection that says nothing, as a late attempt that was given up, ends no capture", async () => {
  const sessionId = newSession();
  const [capture, listener] = await start({ sessionId });
  await feed(capture, samplesOf(1, 1));
  await listener.next("acked");
  const silent = await TestClient.connect(gateway, { session: sessionId, track: "mixed" });
  await feed(capture, samplesOf(2, 3));
  expect(await capture.end()).toMatchObject({ complete: true });
  expect(listener.of("disconnected")).toEqual([]);
  await silent.leave();
});

test("captured offline into a new outbox, and killed before it ever connected: other audio is not taken for its own", async () => {
  const sessionId = newSession();
  const [first] = await start({ sessionId });
  await feed(first, samplesOf(1, 3));
  await first.end();
  const folder = newFolder();
  const outbox = await openFileOutbox({ folder });
  const [offline] = await start({ sessionId, baseUrl: "http://127.0.0.1:1", outbox });
  await feed(offline, samplesOf(4, 8));
  await offline.close();
  const [capture, listener] = await start({ sessionId, append: true, outbox: await openFileOutbox({ folder }) });
  expect(capture.sourceSeconds).toBe(5);
  await feed(capture, samplesOf(9, 9));
  expect(await capture.end()).toEqual({ complete: true, missing: [], lost: [] });
  expect(listener.of("renumbered")).toMatchObject([{ from: 1, by: 3 }]);
  expect(capture.sourceSeconds).toBe(6);
  await expectWhole(gateway, sessionId, 9);
});

test("an outbox of another track or session is not streamed", async () => {
  const folder = newFolder();
  const [first] = await start({ sessionId: "one", track: "mic", outbox: await openFileOutbox({ folder }) });
  await first.close();
  const outbox = await openFileOutbox({ folder });
  await expect(start({ sessionId: "two", track: "mic", outbox })).rejects.toThrow(OutboxMismatchError);
  await outbox.close();
});

test("a token provider that never answers is asked again", async () => {
  let asked = 0;
  const [, listener] = await start({
    sessionId: newSession(),
    token: () => {
      asked += 1;
      return asked === 1 ? new Promise<string>(() => undefined) : "token";
    },
    times: { tokenTimeoutMs: 50 },
  });
  await listener.next("connected");
  expect(listener.of("retrying")).toMatchObject([{ reason: "the token provider gave nothing for 50 ms" }]);
});

test("the token provider is asked before every connection, and a subprotocol carries its answer", async () => {
  const sessionId = newSession();
  let asked = 0;
  const [capture, listener] = await start({
    sessionId,
    token: () => {
      asked += 1;
      if (asked === 2) throw new Error("the token service is down");
      return `token-${asked}`;
    },
  });
  await listener.next("connected");
  capture.reconnect();
  await listener.next("connected", 2);
  expect(asked).toBe(3);
  expect(listener.of("retrying")).toMatchObject([{ reason: "the token service is down" }]);
  await feed(capture, samplesOf(1, 2));
  expect(await capture.end()).toMatchObject({ complete: true });
  expect((await sessionState(gateway, sessionId)).ingest.received_chunks).toBe(2);
});
