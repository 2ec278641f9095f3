/** Two sources of one recording: each its own track, with its own warnings, and one that goes away takes nothing along. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { createResultsClient } from "../../../client/index.ts";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { madeHz, makeSources, type MadeSource, pitchOf } from "../support/made-sources.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { expectClean, patiently, useConsole } from "../support/use-console.ts";

const { gateway, open } = useConsole({ args: ["--use-fake-ui-for-media-stream"] });

const strandOf = (page: Page, name: string) => page.locator(".strand", { hasText: name });
const keptOf = (page: Page, name: string) => async (): Promise<number> =>
  Number(/([\d,]+) s kept/.exec((await strandOf(page, name).textContent()) ?? "")?.[1]);

/** @returns the meeting's id. */
async function recordBoth(page: Page): Promise<string> {
  await makeSources(page);
  await page.reload();
  await page.getByText("Two tracks, side by side").click();
  await page.getByLabel("Title").fill("A call");
  await page.getByRole("button", { name: "Start recording" }).click();
  for (const name of ["Microphone", "Tab or system"])
    await expect.poll(keptOf(page, name), patiently).toBeGreaterThanOrEqual(3);
  const address = await page.getByRole("link", { name: "See who speaks" }).getAttribute("href");
  return /recording-[\w-]+/.exec(address ?? "")?.[0] ?? "";
}

/** Seconds of the track that hold its tone to 2 Hz: in the others a busy machine gave the page less sound than it asked for. */
async function secondsOfTone(sessionId: string, track: string, hz: number): Promise<number> {
  const wav = await (await fetch(`${gateway.url}/v1/sessions/${sessionId}/audio.wav?track=${track}`)).arrayBuffer();
  const samples = new Int16Array(wav, 44);
  const pitches = Array.from({ length: Math.floor(samples.length / sampleRateHz) }, (_, second) =>
    pitchOf(samples.subarray(second * sampleRateHz, (second + 1) * sampleRateHz), sampleRateHz),
  );
  return pitches.filter((pitch) => Math.abs(pitch - hz) <= 2).length;
}

test.skipIf(isWithoutBrowser)(
  "[O3] a microphone and a shared tab are two tracks; one that goes away is said, and the other goes on",
  async () => {
    const opened = await open("#/record");
    const { page } = opened;
    const sessionId = await recordBoth(page);
    await page.evaluate(() => globalThis.made.takeAway("system"));
    await strandOf(page, "Tab or system")
      .getByText(/The shared sound went away\./)
      .waitFor();
    const before = await keptOf(page, "Microphone")();
    await expect.poll(keptOf(page, "Microphone"), patiently).toBeGreaterThanOrEqual(before + 3);
    expect(await strandOf(page, "Microphone").getByRole("alert").count(), "warnings of the microphone").toBe(0);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.locator(".pill.is-finalized").waitFor(patiently);

    const { audio, gaps } = await createResultsClient({ baseUrl: gateway.url }).result(sessionId);
    expect(audio.map(({ track }) => track).toSorted()).toEqual(["mic", "system"]);
    expect(gaps.filter(({ track }) => track === "mic")).toEqual([]);
    expect(
      gaps.every(({ cause }) => cause === "capture_stall"),
      "the device gave nothing",
    ).toBe(true);
    for (const [track, hz] of Object.entries(madeHz))
      expect(await secondsOfTone(sessionId, track, hz), `seconds of ${hz} Hz in ${track}`).toBeGreaterThanOrEqual(2);
    expectClean(opened);
  },
  120_000,
);

test.skipIf(isWithoutBrowser)(
  "silence for long and peaks that are cut off are said of their source alone, and taken back once they end",
  async () => {
    const { page } = await open("#/record");
    await recordBoth(page);
    const set = (source: MadeSource, loudness: number): Promise<void> =>
      page.evaluate(([name, value]) => globalThis.made.setLoudness(name, value), [source, loudness] as const);
    const [mic, system] = [strandOf(page, "Microphone"), strandOf(page, "Tab or system")];
    await set("mic", 0);
    await set("system", 4);
    await system.getByText(/Too loud: the shared sound is cut off/).waitFor(patiently);
    await mic.getByText("Nothing is heard from the microphone. Is it muted?").waitFor(patiently);
    await set("mic", 0.2);
    await set("system", 0.2);
    await expect.poll(() => page.locator(".strand-warning").count(), patiently).toBe(0);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.locator(".pill.is-finalized").waitFor(patiently);
  },
  120_000,
);

test.skipIf(isWithoutBrowser)("[C7] channels that cancel each other out are said while it is recorded", async () => {
  const { page } = await open("#/record");
  await recordBoth(page);
  expect(await page.getByRole("alert").count()).toBe(0);
  await page.evaluate(() => globalThis.made.oppose("system"));
  const told = strandOf(page, "Tab or system").getByText(/The channels of the shared sound cancel each other out/);
  await told.waitFor(patiently);
  expect(await strandOf(page, "Microphone").getByRole("alert").count(), "warnings of the microphone").toBe(0);
});
