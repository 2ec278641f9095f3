/** A meeting is heard in the console as it goes on, under a strict autoplay policy: what reaches the loudspeakers is what is captured. */
import type { Page } from "playwright-core";
import { afterEach, expect, test } from "vitest";
import { type Capture, createResultsClient, startCapture } from "../../../client/index.ts";
import { expectAccessible } from "../support/accessible.ts";
import { expectClean, patiently, useConsole } from "../support/use-console.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";

const { gateway, open } = useConsole({ args: ["--autoplay-policy=document-user-activation-required"] });
const sampleRate = 16_000;
const blockMs = 100;
const toneHz = 1_000;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** Somebody whistles into a microphone, in real time. */
async function whistling(sessionId: string): Promise<Capture> {
  const format = { sampleRate, channels: 1 };
  const capture = await startCapture({ baseUrl: gateway.url, sessionId, track: "mic", format, live: true });
  let at = 0;
  const timer = setInterval(() => {
    const block = Int16Array.from({ length: (sampleRate * blockMs) / 1_000 }, (_, i) =>
      Math.round(8_192 * Math.sin((2 * Math.PI * toneHz * (at + i)) / sampleRate)),
    );
    at += block.length;
    capture.write(block).catch(() => undefined);
  }, blockMs);
  ends.push(
    () => capture.close(),
    () => clearInterval(timer),
  );
  return capture;
}

declare global {
  /** Of what goes to the loudspeakers: how loud the loudest tone is, dB, and its pitch, Hz. */
  var loudest: (() => { db: number; hz: number }) | undefined;
}

/** Notes what goes to the loudspeakers. */
function watchLoudspeakers(): void {
  const nodes = AudioNode.prototype as unknown as { connect: (...given: unknown[]) => AudioNode };
  const { connect } = nodes;
  nodes.connect = function (this: AudioNode, ...given) {
    if (given[0] === this.context.destination) {
      const analyser = new AnalyserNode(this.context, { fftSize: 4_096, smoothingTimeConstant: 0 });
      connect.call(this, analyser);
      globalThis.loudest = () => {
        const bins = new Float32Array(analyser.frequencyBinCount);
        analyser.getFloatFrequencyData(bins);
        const best = bins.indexOf(Math.max(...bins));
        return { db: bins[best] ?? 0, hz: (best * this.context.sampleRate) / analyser.fftSize };
      };
    }
    return connect.apply(this, given);
  };
}

const heard = (page: Page): Promise<{ db: number; hz: number } | undefined> =>
  page.evaluate(() => globalThis.loudest?.());

test.skipIf(isWithoutBrowser)(
  "[V9] a click lets the meeting be heard, another one ends it, and the capture hears that somebody listens",
  async () => {
    const sessionId = `listen-${crypto.randomUUID()}`;
    const client = createResultsClient({ baseUrl: gateway.url });
    await client.createSession({ session_id: sessionId });
    const capture = await whistling(sessionId);
    const opened = await open();
    const { page } = opened;
    await page.addInitScript(watchLoudspeakers);
    await page.goto(`${gateway.url}/#/m/${sessionId}`);
    await page.reload();
    const button = page.getByRole("button", { name: "Listen live" });
    await button.waitFor();
    expect(await heard(page)).toBeUndefined();
    expect(capture.live.isHeard).toBe(false);
    await button.click();
    await page.getByRole("button", { name: "Listening" }).waitFor();
    await expectAccessible(page);
    await expect.poll(async () => (await heard(page))?.db, patiently).toBeGreaterThan(-40);
    expect(Math.abs(((await heard(page))?.hz ?? 0) - toneHz)).toBeLessThan(20);
    await page.getByRole("button", { name: "Listening" }).click();
    await button.waitFor();
    await expect.poll(() => capture.live.isHeard, patiently).toBe(false);

    // By keyboard, and to the meeting's end.
    await button.press("Enter");
    await expect.poll(() => capture.live.isHeard, patiently).toBe(true);
    await client.finalize(sessionId);
    await page.locator(".pill.is-finalized").waitFor();
    expect(await button.count()).toBe(0);
    expectClean(opened);
  },
  90_000,
);
