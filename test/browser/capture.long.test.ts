/** The capture library in a real browser: IndexedDB, Web Locks and the browser's own WebSocket, with tabs killed. */
import { afterEach, expect, test } from "vitest";
import { PcmFramer } from "../../client/capture/pcm-framer.ts";
import { FaultProxy } from "../../client/testkit/fault-proxy.ts";
import { until } from "../../client/testkit/until.ts";
import { chainOf, expectWhole, finalize } from "../client/support/meeting.ts";
import { newSession, sessionState } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { track } from "./page/names.ts";
import { blocksOf, samplesOf } from "./page/source.ts";
import { isWithoutBrowser, type Tab, useBrowser } from "./support/use-browser.ts";

const gateway = useGateway();
const browsers = useBrowser();
const wireFormat = { sampleRate: 16_000, channels: 1 };
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function startProxy(): Promise<FaultProxy> {
  const proxy = await FaultProxy.start({ target: gateway.url });
  closers.push(() => proxy.close());
  return proxy;
}

test.skipIf(isWithoutBrowser)("Float32 at 48 kHz arrives as the same seconds that Node makes of it", async () => {
  const sessionId = newSession();
  const tab = await (await browsers.launch()).newTab();
  await tab.call("start", { baseUrl: gateway.url, sessionId, format: { sampleRate: 48_000, channels: 1 } });
  await tab.call("feed", 1, 12, 48_000);
  expect(await tab.call("end")).toMatchObject({ complete: true });

  const framer = new PcmFramer({ sampleRate: 48_000, channels: 1 });
  const seconds = Array.from({ length: 12 }, (_, i) => samplesOf(i + 1, 48_000));
  const frames = [...seconds.flatMap(blocksOf).flatMap((block) => framer.push(block)), ...framer.flush()];
  const { coverage, audio } = await finalize(gateway, sessionId, { [track]: 12 });
  expect(coverage).toBe(1);
  const chunks = frames.map(({ pcm }, i) => [i + 1, pcm] as const);
  expect(audio).toMatchObject([{ track, chunks: 12, chain_head: chainOf(sessionId, track, chunks) }]);
});

/** A capture that is offline with some seconds acked and others not, and that goes on being fed. */
async function startAndLoseNetwork(tab: Tab, proxy: FaultProxy, sessionId: string): Promise<void> {
  await tab.call("start", { baseUrl: proxy.url, sessionId, format: wireFormat });
  await tab.call("feed", 1, 5, 16_000);
  await tab.next("acked", 5);
  proxy.refuse = true;
  proxy.dropAll();
  await tab.call("feed", 6, 12, 16_000);
  await tab.lags(7);
  // Ends with the tab, in the middle of whatever it does then.
  void tab.call("feed", 13, 10_000, 16_000).catch(() => undefined);
  await expect.poll(() => tab.written).toBeGreaterThan(20);
}

/** In the next tab: goes on in the source where the outbox stands, and ends. */
async function goOn(tab: Tab, proxy: FaultProxy, sessionId: string, next: number): Promise<void> {
  expect(await tab.call("lag")).toBe(next - 1 - 5);
  proxy.refuse = false;
  await tab.call("feed", next, next + 3, 16_000);
  await expectEndsWhole(tab, sessionId, next + 3);
}

async function expectEndsWhole(tab: Tab, sessionId: string, seconds: number): Promise<void> {
  expect(await tab.call("end")).toEqual({ complete: true, missing: [], lost: [] });
  const { ingest_by_track: byTrack } = await sessionState(gateway, sessionId);
  expect(byTrack[track]).toMatchObject({ duplicate_chunks: 0, missing_chunks: 0 });
  await expectWhole(gateway, sessionId, seconds, track);
}

test.skipIf(isWithoutBrowser)("[K6] a tab crashes offline: the next one goes on, nothing lost or doubled", async () => {
  const [sessionId, proxy, browser] = [newSession(), await startProxy(), await browsers.launch()];
  const crashed = await browser.newTab();
  await startAndLoseNetwork(crashed, proxy, sessionId);
  await crashed.crash();
  const tab = await browser.newTab();
  const next = await tab.call("start", { baseUrl: proxy.url, sessionId, format: wireFormat });
  expect(next, "what was taken is in the outbox").toBeGreaterThan(crashed.written);
  await goOn(tab, proxy, sessionId, next);
});

test.skipIf(isWithoutBrowser)("[K6] kill -9 of the browser: the next one, with the same profile, goes on", async () => {
  const [sessionId, proxy, profile] = [newSession(), await startProxy(), browsers.newProfile()];
  const browser = await browsers.launch({ profile });
  const killed = await browser.newTab();
  await startAndLoseNetwork(killed, proxy, sessionId);
  await browser.kill9();
  const tab = await (await browsers.launch({ profile })).newTab();
  const next = await tab.call("start", { baseUrl: proxy.url, sessionId, format: wireFormat });
  expect(next, "what was taken is in the outbox").toBeGreaterThan(killed.written);
  await goOn(tab, proxy, sessionId, next);
});

test.skipIf(isWithoutBrowser)(
  "[O5] [O1] the browser's storage is full while the network is away: what is live goes on, and nothing is lost",
  async () => {
    const [sessionId, proxy, browser] = [newSession(), await startProxy(), await browsers.launch()];
    const tab = await browser.newTab();
    const quotaSize = 1_500_000;
    const cdp = await tab.page.context().newCDPSession(tab.page);
    await cdp.send("Storage.overrideQuotaForOrigin", { origin: new URL(tab.page.url()).origin, quotaSize });
    await tab.call("start", { baseUrl: proxy.url, sessionId, format: wireFormat, live: true });
    await tab.call("feed", 1, 5, 16_000);
    await tab.next("acked", 4);
    proxy.refuse = true;
    proxy.dropAll();
    // 3.8 MB, of which less than half fits.
    await tab.call("feed", 6, 125, 16_000);
    await until(async () => (await tab.call("lag")) >= 119 || undefined, { what: "two minutes that wait" });
    const { usage = 0 } = await tab.page.evaluate(() => navigator.storage.estimate());
    expect(usage).toBeLessThan(2 * quotaSize);
    expect(await tab.heard("failed")).toEqual([]);
    proxy.refuse = false;
    await expectEndsWhole(tab, sessionId, 125);
  },
);

test.skipIf(isWithoutBrowser)("a second tab is kept out until the first is closed, a reloaded one is not", async () => {
  const browser = await browsers.launch();
  const options = { baseUrl: gateway.url, sessionId: newSession(), format: wireFormat };
  const [first, second] = [await browser.newTab(), await browser.newTab()];
  await first.call("start", options);
  await first.call("feed", 1, 2, 16_000);
  const name = `roomtone/${options.sessionId}/${track}`;
  await expect(second.call("start", options)).rejects.toThrow(
    `OutboxLockedError: another tab uses ${name}; close it, or use another name`,
  );
  await first.call("feed", 3, 3, 16_000);
  await first.next("acked", 3);
  await first.page.close();
  expect(await second.call("start", options)).toBe(4);
  await second.call("feed", 4, 4, 16_000);
  await second.page.reload();
  expect(await second.call("start", options)).toBe(5);
  await second.call("feed", 5, 5, 16_000);
  await expectEndsWhole(second, options.sessionId, 5);
});

test.skipIf(isWithoutBrowser)("offline for a while: the browser's `online` event connects at once", async () => {
  const [sessionId, proxy, browser] = [newSession(), await startProxy(), await browsers.launch()];
  const tab = await browser.newTab();
  await tab.call("start", { baseUrl: proxy.url, sessionId, format: wireFormat });
  const fed = tab.call("feed", 1, 30, 16_000, 150);
  await tab.next("acked", 3);
  await browser.context.setOffline(true);
  // The emulation refuses new connections and leaves those alone that are open; a network that goes away does not.
  proxy.dropAll();
  await tab.next("retrying", 5);
  for (const { reason } of await tab.heard("retrying")) expect(reason).toMatch(/\S/);
  expect(proxy.counts, "the browser is offline").toMatchObject({ connections: 1, refused: 0 });
  const kept = (await tab.heard("acked")).length;
  await browser.context.setOffline(false);
  const since = performance.now();
  await tab.next("connected", 2);
  expect(performance.now() - since).toBeLessThan(1_000);
  await fed;
  expect(kept, "some of it was captured offline").toBeLessThan(20);
  await tab.call("reconnect");
  await tab.next("connected", 3);
  for (const { code } of await tab.heard("disconnected")) expect(code).toBeTypeOf("number");
  await expectEndsWhole(tab, sessionId, 30);
});
