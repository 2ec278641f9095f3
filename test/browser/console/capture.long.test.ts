/** A person records from the console: the network goes away, the page is reloaded, and nothing that was recorded is lost. */
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { chunkSamples, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { createResultsClient } from "../../../client/index.ts";
import { FaultProxy } from "../../../client/testkit/fault-proxy.ts";
import { fakeMicrophone } from "../support/fake-microphone.ts";
import { noiseOf, placeOf } from "../support/known-noise.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { useConsole } from "../support/use-console.ts";

const source = noiseOf(60);
const microphone = fakeMicrophone(source);
const { gateway, open } = useConsole({ args: microphone.args });
const closers: (() => Promise<void>)[] = [];
afterAll(async () => {
  microphone.dispose();
  for (const close of closers) await close();
});
/** What was on its way when the recording began, and the fake device's buffers. */
const toleranceSamples = 0.25 * sampleRateHz;

/** Waits until the page says that so many seconds are kept. */
async function keeps(page: Page, seconds: number): Promise<void> {
  const kept = async (): Promise<number> =>
    Number(/([\d,]+) s kept/.exec((await page.locator(".strand").first().textContent()) ?? "")?.[1]);
  await expect.poll(kept, { timeout: 30_000 }).toBeGreaterThanOrEqual(seconds);
}

test.skipIf(isWithoutBrowser)(
  "[K6] [C2] recorded through a network that breaks and a reload: all of it, in its place",
  async () => {
    const proxy = await FaultProxy.start({ target: gateway.url });
    closers.push(() => proxy.close());
    const { page, errors, outside } = await open("#/record", { baseUrl: proxy.url });
    page.on("dialog", (dialog) => void dialog.accept());
    await page.getByLabel(/Title/).fill("Talk of the week");
    await page.getByRole("button", { name: "Start recording" }).click();
    await keeps(page, 4);

    proxy.refuse = true;
    proxy.dropAll();
    await page.getByText(/No connection\. [3-9] s waiting, nothing lost\./).waitFor();
    proxy.refuse = false;
    await page.getByText("All of it is kept.").waitFor();
    await keeps(page, 8);

    await page.reload();
    const cutAt = performance.now();
    await page.getByText("Talk of the week").waitFor();
    // So long that it counts as time without a recording.
    await expect.poll(() => performance.now() - cutAt, { timeout: 10_000 }).toBeGreaterThan(4_000);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("timer").waitFor();
    await keeps(page, 15);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.locator(".pill.is-finalized").waitFor();
    await page.getByRole("heading", { name: "Talk of the week" }).waitFor();

    const [sessionId = ""] = /recording-[\w-]+/.exec(page.url()) ?? [];
    const client = createResultsClient({ baseUrl: gateway.url });
    const { gaps, audio } = await client.result(sessionId);
    expect(
      gaps.map(({ track, cause }) => [track, cause]),
      "the time without a page is a gap, and nothing else is",
    ).toEqual([["mic", "capture_stall"]]);
    expect(audio[0]?.duration_ms).toBeGreaterThanOrEqual(12_000);
    await expectInPlace(sessionId, (gaps[0]?.from_seq ?? 1) - 1);
    expect(outside).toEqual([]);
    // A browser says of every connection that it can't make that it can't, and of nothing else.
    expect(errors.filter((line) => !/WebSocket connection|ERR_|Failed to load resource/.test(line))).toEqual([]);
  },
  120_000,
);

/** The first seconds of the track are the microphone's, one behind the other. */
async function expectInPlace(sessionId: string, seconds: number): Promise<void> {
  const wav = await (await fetch(`${gateway.url}/v1/sessions/${sessionId}/audio.wav?track=mic`)).arrayBuffer();
  const samples = new Int16Array(wav, 44);
  let offset: number | undefined;
  for (let second = 1; second <= seconds; second += 1) {
    const inTrack = (second - 0.5) * chunkSamples;
    const half = samples.subarray(inTrack, second * chunkSamples);
    const place = placeOf(half, source, inTrack + (offset ?? 0), (offset === undefined ? 6 : 0.5) * chunkSamples);
    offset ??= place.at - inTrack;
    expect(place.likeness, `second ${second}`).toBeGreaterThan(0.8);
    expect(Math.abs(place.at - inTrack - offset), `second ${second}`).toBeLessThan(toleranceSamples);
  }
}
