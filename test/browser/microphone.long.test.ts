/** A microphone in a real browser. The device is Chromium's fake one, which plays a file that the test knows. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { chunkSamples, sampleRateHz } from "../../schemas/wire/audio.ts";
import type { SeqRange } from "../../client/index.ts";
import { readLocalBucket } from "../../scripts/local/local-bucket.ts";
import { finalize } from "../client/support/meeting.ts";
import { newSession } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { track } from "./page/names.ts";
import { fakeMicrophone } from "./support/fake-microphone.ts";
import { noiseOf, type Place, placeOf } from "./support/known-noise.ts";
import { isWithoutBrowser, type Tab, useBrowser } from "./support/use-browser.ts";

const gateway = useGateway();
const browsers = useBrowser();
const source = noiseOf(40);
const microphone = fakeMicrophone(source);
afterAll(() => microphone.dispose());

/** The second halves of these seconds: where in the source they were found, and how far that is from the first's. */
async function placesOf(sessionId: string, seqs: readonly number[]): Promise<(Place & { strayed: number })[]> {
  const stored = await readLocalBucket(gateway.stateDir, `sessions/${sessionId}/tracks/${track}/chunks/`);
  // How long the device played before the capture began; a machine may be slow to start it.
  let offset: number | undefined;
  return seqs.map((seq) => {
    const object = stored.find(({ key }) => key.endsWith(`/${String(seq).padStart(8, "0")}.pcm`));
    const half = new Int16Array(object?.bytes.buffer ?? new ArrayBuffer(0)).subarray(chunkSamples / 2);
    const inTrack = (seq - 0.5) * chunkSamples;
    const place = placeOf(half, source, inTrack + (offset ?? 0), (offset === undefined ? 5 : 0.5) * chunkSamples);
    offset ??= place.at - inTrack;
    return { ...place, strayed: place.at - inTrack - offset };
  });
}

/** Counted from 1, both included. */
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
/** The fake device's buffers, and what was on its way when the gap began. */
const toleranceSamples = 0.25 * sampleRateHz;

/** Real time: the device plays no faster. */
const timeoutMs = 60_000;

/** @returns the gap in the middle, and that at the end, where the microphone was unplugged. */
async function recordAndDisturb(tab: Tab, sessionId: string): Promise<readonly [SeqRange, SeqRange]> {
  const rate = await tab.call("record", { baseUrl: gateway.url, sessionId });
  expect([44_100, 48_000], "resampled").toContain(rate);
  await tab.next("acked", 2);
  await tab.call("block", 1_500);
  await tab.next("acked", 4);
  expect(await tab.heard("gap"), "late blocks are no gap").toEqual([]);
  await tab.call("suspend");
  await delay(2_200);
  expect(await tab.call("audioEvents")).toEqual(["suspended"]);
  await tab.call("allowResume");
  const { from, to } = await tab.next("gap");
  await tab.next("acked", 4 + 3);
  expect(await tab.call("audioEvents")).toEqual(["suspended", "resumed"]);
  const stalls = (await tab.heard("stalled")).length;
  await tab.call("unplug");
  // No silence is made up for it: the time until the end is a gap as well.
  await tab.next("stalled", stalls + 1);
  // Longer than this page's blocks were ever late: only that can't be made up for.
  await delay(2_500);
  const { complete, missing, lost } = await tab.call("end");
  expect({ complete, first: missing[0], lost }).toEqual({ complete: false, first: [from, to], lost: [] });
  expect(missing).toHaveLength(2);
  return [[from, to], missing[1] ?? [0, 0]];
}

test.skipIf(isWithoutBrowser)(
  "[O3] a microphone's sound arrives in its place; a gap is where it stood still",
  { timeout: timeoutMs },
  async () => {
    const sessionId = newSession();
    const tab = await (await browsers.launch({ args: microphone.args })).newTab();
    const [[from, to], [tailFrom, tailTo]] = await recordAndDisturb(tab, sessionId);
    expect(from).toBeGreaterThan(4);
    expect(to - from + 1).toBeLessThanOrEqual(3);

    const { gaps } = await finalize(gateway, sessionId);
    const stall = { track, cause: "capture_stall" };
    expect(gaps).toEqual([
      { ...stall, from_seq: from, to_seq: to },
      { ...stall, from_seq: tailFrom, to_seq: tailTo },
    ]);
    const last = tailFrom - 2;
    // The seconds at either edge of a gap have silence in them.
    const places = await placesOf(sessionId, [...range(1, from - 2), ...range(to + 2, last)]);
    expect(places.length).toBeGreaterThanOrEqual(3);
    const strays = places.filter(({ likeness, strayed }) => likeness < 0.95 || Math.abs(strayed) > toleranceSamples);
    // The fake device drops sound where the machine has no time for it.
    const story = JSON.stringify({ from, to, last, places });
    expect(strays.length, `found: ${story}`).toBeLessThanOrEqual(places.length / 4);
  },
);

test.skipIf(isWithoutBrowser)(
  "[O3] audio that the system stopped, and that did not run again, is a gap up to the end of the track",
  { timeout: timeoutMs },
  async () => {
    const tab = await (await browsers.launch({ args: microphone.args })).newTab();
    await tab.call("record", { baseUrl: gateway.url, sessionId: newSession() });
    await tab.next("acked", 2);
    await tab.call("suspend");
    await delay(3_500);
    const { complete, missing } = await tab.call("end");
    expect(complete).toBe(false);
    expect(missing.reduce((sum, [from, to]) => sum + to - from + 1, 0)).toBeGreaterThanOrEqual(2);
  },
);

test.skipIf(isWithoutBrowser)("[O3] suspended while the page may resume it: it runs on by itself", async () => {
  const tab = await (await browsers.launch({ args: microphone.args })).newTab();
  await tab.call("record", { baseUrl: gateway.url, sessionId: newSession() });
  await tab.next("acked", 1);
  await tab.call("suspendOnce");
  await expect.poll(() => tab.call("audioEvents")).toEqual(["suspended", "resumed"]);
  await tab.next("acked", 3);
  await tab.call("end");
});

test.skipIf(isWithoutBrowser)(
  "[C10] a wall clock that is set under a running microphone makes no gap, and drops no connection",
  { timeout: timeoutMs },
  async () => {
    const tab = await (await browsers.launch({ args: microphone.args })).newTab();
    await tab.call("record", { baseUrl: gateway.url, sessionId: newSession() });
    let acked = 2;
    await tab.next("acked", acked);
    for (const byMs of [120_000, -300_000, 40_000]) {
      await tab.call("setClock", byMs);
      await tab.next("acked", (acked += 4));
    }
    expect(await tab.call("end")).toMatchObject({ complete: true, missing: [], lost: [] });
    expect([await tab.heard("gap"), await tab.heard("disconnected")]).toEqual([[], []]);
  },
);

test.skipIf(isWithoutBrowser)("[O3] a page over plain http gets no microphone, and the reason", async () => {
  const args = [...microphone.args, "--host-resolver-rules=MAP lan.test 127.0.0.1"];
  const tab = await (await browsers.launch({ args })).newTab("lan.test");
  expect(await tab.call("tryOpen", "microphone")).toBe("needs_https");
  expect(await tab.call("tryOpen", "display")).toBe("needs_https");
});

test.skipIf(isWithoutBrowser)("[O3] a screen that is shared without sound is refused with the reason", async () => {
  const tab = await (await browsers.launch({ args: microphone.args })).newTab();
  expect(await tab.call("tryOpen", "silent display")).toBe("no_audio_shared");
  expect(await tab.call("tryOpen", "display")).toBe("opened");
});
