/**
 * The capture library against a real gateway, through a proxy that breaks things, and with processes killed. Most of
 * these tests wait most of the time, so they run at once; those that judge a moment, or change a global, run alone.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test, type TestContext, vi } from "vitest";
import { WebSocket as WsWebSocket } from "ws";
import { type Capture, startCapture } from "../../client/capture/capture.ts";
import type { CaptureOptions, CaptureTimes } from "../../client/capture/capture-types.ts";
import { openFileOutbox } from "../../client/node/file-outbox.ts";
import { FaultProxy, type FaultProxyOptions } from "../../client/testkit/fault-proxy.ts";
import { newSession, sessionState } from "../support/gateway-http.ts";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { readsTypeScript } from "../../scripts/local/reads-typescript.ts";
import { useGateway } from "../support/use-gateway.ts";
import { until } from "../../client/testkit/until.ts";
import { TestClient } from "../support/ws-client.ts";
import { expectWhole, feed, Listener, samplesOf, wireFormat } from "./support/meeting.ts";

const gateway = useGateway();
// Beside a gateway that starts, on a machine that may be busy.
vi.setConfig({ testTimeout: 90_000 });

/** Times that suit a test: what takes 25 s in the field is over in one. */
const times: CaptureTimes = {
  pingAfterMs: 200,
  deadAfterMs: 600,
  answerTimeoutMs: 400,
  connectTimeoutMs: 2_000,
  tokenTimeoutMs: 2_000,
  stallMs: 1_500,
  outboxGiveUpMs: 5_000,
};

/** Where only the proxy may end a connection: a machine that is busy must not. */
const patientTimes: CaptureTimes = { ...times, pingAfterMs: 5_000, deadAfterMs: 15_000, answerTimeoutMs: 10_000 };

type Closing = Pick<TestContext, "onTestFinished">;

async function startProxy({ onTestFinished }: Closing, options: Partial<FaultProxyOptions> = {}): Promise<FaultProxy> {
  const proxy = await FaultProxy.start({ target: gateway.url, ...options });
  onTestFinished(() => proxy.close());
  return proxy;
}

async function start(
  { onTestFinished }: Closing,
  proxy: FaultProxy,
  options: Partial<CaptureOptions> = {},
): Promise<[Capture, Listener, string]> {
  const sessionId = newSession();
  const capture = await startCapture({
    baseUrl: proxy.url,
    sessionId,
    format: wireFormat,
    times,
    random: () => 0,
    ...options,
  });
  onTestFinished(() => capture.close());
  return [capture, new Listener(capture), sessionId];
}

function newFolder({ onTestFinished }: Closing): string {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-outbox-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test.concurrent("[K1] kill -9 of the gateway in the middle: the capture goes on where the room's disk stands", async (context) => {
  const mortal = new GatewayProcess();
  context.onTestFinished(() => mortal.dispose());
  await mortal.start();
  const proxy = await startProxy(context, { target: mortal.url });
  const [capture, listener, sessionId] = await start(context, proxy);
  await feed(capture, samplesOf(1, 20));
  await listener.next("acked", 5);
  await mortal.kill9();
  await feed(capture, samplesOf(21, 30));
  await mortal.start();
  proxy.target = mortal.url;
  await feed(capture, samplesOf(31, 40));
  expect(await capture.end()).toEqual({ complete: true, missing: [], lost: [] });
  await expectWhole(mortal, sessionId, 40);
});

test.concurrent("[K6] ten dropped connections: only what the room lacks is sent again, and all of it is kept", async (context) => {
  const proxy = await startProxy(context);
  const [capture, listener, sessionId] = await start(context, proxy, { times: patientTimes });
  for (let round = 1; round <= 10; round += 1) {
    await listener.next("connected", round);
    const fed = feed(capture, samplesOf(round * 4 - 3, round * 4));
    await listener.next("acked", round * 4 - 3);
    proxy.dropAll();
    await fed;
  }
  expect(await capture.end()).toEqual({ complete: true, missing: [], lost: [] });
  expect(listener.of("connected").at(-1)).toMatchObject({ reconnects: 10 });
  const { ingest } = await sessionState(gateway, sessionId);
  expect(ingest).toMatchObject({ received_chunks: 40, duplicate_chunks: 0, missing_chunks: 0 });
  await expectWhole(gateway, sessionId, 40);
});

test.concurrent("[K2] half of the acks are lost: at most duplicates, and nothing is stored twice", async (context) => {
  const proxy = await startProxy(context, { seed: 3, rates: { lose: 0.5 } });
  const [capture, , sessionId] = await start(context, proxy);
  await feed(capture, samplesOf(1, 50));
  expect(await capture.end()).toMatchObject({ complete: true });
  expect(proxy.counts.faults.lose).toBeGreaterThan(10);
  const { ingest } = await sessionState(gateway, sessionId);
  expect(ingest).toMatchObject({ received_chunks: 50, bytes_stored: 50 * 32_000 });
  await expectWhole(gateway, sessionId, 50);
});

test.concurrent.for([2, 3])("[K6] everything at once, seed %i: whole, to the byte", async (seed, context) => {
  const share = 0.02;
  const rates = { drop: share, cut: share, delay: share, duplicate: share, reorder: share, lose: share, stall: share };
  const proxy = await startProxy(context, { seed, rates: { ...rates, half_open: 0.005 }, delayMs: 50 });
  const [capture, listener, sessionId] = await start(context, proxy, { encoding: seed % 2 === 0 ? "json" : "msgpack" });
  await feed(capture, samplesOf(1, 80));
  const end = await capture.end();
  const story = JSON.stringify({ seed, counts: proxy.counts, last: listener.heard.slice(-5) });
  expect(end, `run: ${story}`).toEqual({ complete: true, missing: [], lost: [] });
  expect(new Set(listener.of("acked").map(({ seq }) => seq)).size, `run: ${story}`).toBe(80);
  expect(listener.of("acked"), `run: ${story}`).toHaveLength(80);
  await expectWhole(gateway, sessionId, 80);
});

test("kill -9 of the client in the middle: a second process goes on with the same outbox", async (context) => {
  const sessionId = newSession();
  const folder = newFolder(context);
  const seconds = 30;
  const first = new Child(context, gateway.url, sessionId, folder, seconds, 50);
  await first.line((line) => "acked" in line && Number(line["acked"]) >= 8);
  await first.kill();
  const second = new Child(context, gateway.url, sessionId, folder, seconds, 0);
  const { started } = await second.line((line) => "started" in line);
  expect(Number(started)).toBeGreaterThan(8);
  expect(Number(started)).toBeLessThan(seconds);
  const { ended } = await second.line((line) => "ended" in line);
  expect(ended).toEqual({ complete: true, missing: [], lost: [] });
  await expectWhole(gateway, sessionId, seconds);
  const left = await openFileOutbox({ folder });
  expect((await left.load()).unacked).toEqual([]);
  await left.close();
});

test("close lets go of a dead connection of the package ws soon", async (context) => {
  const proxy = await startProxy(context);
  const sockets: WsWebSocket[] = [];
  class Noted extends WsWebSocket {
    constructor(...args: ConstructorParameters<typeof WsWebSocket>) {
      super(...args);
      sockets.push(this);
    }
  }
  const [capture, listener] = await start(context, proxy, { WebSocket: Noted });
  await listener.next("connected");
  proxy.halfOpenAll();
  await capture.close();
  const isClosed = (): true | undefined =>
    sockets.every(({ readyState }) => readyState === WsWebSocket.CLOSED) || undefined;
  expect(sockets).toHaveLength(1);
  await until(isClosed, { what: "the socket to close", timeoutMs: 5_000 });
});

test("offline for a while: nothing is lost, and `reconnect` does not wait for the next attempt", async (context) => {
  const proxy = await startProxy(context);
  const [capture, listener, sessionId] = await start(context, proxy, { random: () => 1 });
  await listener.next("connected");
  proxy.refuse = true;
  proxy.dropAll();
  await feed(capture, samplesOf(1, 100));
  await listener.next("retrying", 3);
  expect(capture.lagSeconds).toBe(100);
  proxy.refuse = false;
  const since = performance.now();
  capture.reconnect();
  await listener.next("connected", 2);
  expect(performance.now() - since).toBeLessThan(500);
  expect(await capture.end()).toMatchObject({ complete: true });
  expect((await sessionState(gateway, sessionId)).ingest.duplicate_chunks).toBe(0);
  await expectWhole(gateway, sessionId, 100);
});

test("the browser's `online` event connects at once", async (context) => {
  const target = new EventTarget();
  const names = ["addEventListener", "removeEventListener"] as const;
  for (const name of names)
    Object.defineProperty(globalThis, name, { value: target[name].bind(target), configurable: true });
  context.onTestFinished(() => names.forEach((name) => Reflect.deleteProperty(globalThis, name)));
  const proxy = await startProxy(context);
  proxy.refuse = true;
  const [capture, listener] = await start(context, proxy, { random: () => 1 });
  await listener.next("retrying", 3);
  proxy.refuse = false;
  target.dispatchEvent(new Event("online"));
  await until(() => listener.of("connected")[0], { what: "the connection", timeoutMs: 1_000 });
  await capture.close();
  const { connections } = proxy.counts;
  target.dispatchEvent(new Event("online"));
  expect(proxy.counts.connections, "a closed capture listens no more").toBe(connections);
});

test("a half-open connection is noticed, with and without audio on its way", async (context) => {
  const proxy = await startProxy(context);
  const [capture, listener, sessionId] = await start(context, proxy);
  await listener.next("connected");
  proxy.halfOpenAll();
  await listener.next("connected", 2);
  proxy.halfOpenAll();
  await feed(capture, samplesOf(1, 5));
  await listener.next("connected", 3);
  expect(await capture.end()).toMatchObject({ complete: true });
  expect(listener.of("disconnected").map(({ reason }) => reason)).toEqual(["silent", "no answer"]);
  await expectWhole(gateway, sessionId, 5);
});

test("a machine that slept makes a new connection, and one that only got its ticks late does not", async (context) => {
  const proxy = await startProxy(context);
  let sleptMs = 0;
  const [capture, listener] = await start(context, proxy, {
    times: { ...times, pingAfterMs: 60_000, deadAfterMs: 30_000 },
    elapsed: () => performance.now() + sleptMs,
  });
  await listener.next("connected");
  // Ticks that come rarely: the answers of the room show that nothing slept.
  for (let second = 1; second <= 3; second += 1) {
    sleptMs += 20_000;
    await capture.write(samplesOf(second, second));
    await listener.next("acked", second);
  }
  expect(listener.of("disconnected")).toEqual([]);
  sleptMs += 3_600_000;
  await listener.next("connected", 2);
  expect(listener.of("disconnected")).toMatchObject([{ reason: "slept" }]);
});

test("the proxy passes path, query, subprotocols, close codes and HTTP through, and counts", async (context) => {
  const proxy = await startProxy(context);
  expect(await (await fetch(`${proxy.url}/health`)).json()).toMatchObject({ status: "ok" });
  const session = newSession();
  const throughProxy = { wsUrl: proxy.url.replace("http", "ws") } as GatewayProcess;
  const older = await TestClient.connect(throughProxy, { session, track: "mic", encoding: "msgpack" });
  expect(older.socket.protocol).toBe("roomtone.v1.msgpack");
  await older.keep(1);
  const newer = await TestClient.connect(throughProxy, { session, track: "mic" });
  await newer.keep(2);
  await older.next("closing");
  expect(await older.closed()).toEqual({ code: 4409, reason: "superseded" });
  await newer.leave();
  expect(proxy.counts).toMatchObject({ connections: 2, forwarded: { to_room: 2, to_client: 3 }, faults: {} });
});

const childScript = fileURLToPath(new URL("support/capture-child.ts", import.meta.url));

/** A capture in a process of its own. */
class Child {
  readonly #process: ChildProcess;
  readonly #lines: Record<string, unknown>[] = [];
  #errors = "";

  constructor(
    { onTestFinished }: Closing,
    url: string,
    session: string,
    folder: string,
    seconds: number,
    paceMs: number,
  ) {
    const args = [...readsTypeScript, childScript, url, session, "mixed", folder, String(seconds), String(paceMs)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    createInterface(child.stdout).on("line", (line) => this.#lines.push(JSON.parse(line) as Record<string, unknown>));
    child.stderr.on("data", (text: Buffer) => {
      this.#errors += text.toString();
    });
    onTestFinished(() => this.kill());
  }

  line(isWanted: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    const what = (): string => `a line; got ${JSON.stringify(this.#lines.slice(-3))} ${this.#errors}`;
    return until(() => this.#lines.find(isWanted), { what, timeoutMs: 20_000 });
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    const hasEnded = (): true | undefined =>
      this.#process.exitCode !== null || this.#process.signalCode !== null || undefined;
    await until(hasEnded, { what: "the child to end" });
  }
}
