/** Listening to a meeting in the console: from a line of the transcript, by keyboard, and under a strict autoplay policy. */
import { expect, test } from "vitest";
import type { Page } from "playwright-core";
import { createResultsClient } from "../../../client/results/results-client.ts";
import { toneChunk } from "../../../client/testkit/tone.ts";
import { streamTrack } from "../../../client/testkit/track-stream.ts";
import { expectClean, patiently, useConsole } from "../support/use-console.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";

const { gateway, open } = useConsole({ env: {}, args: ["--autoplay-policy=document-user-activation-required"] });
/** The sample is played for 24 s. */
const sampleMs = 60_000;

const placeOf = (page: Page): Promise<number> =>
  page.getByRole("slider", { name: "Place in the meeting" }).inputValue().then(Number);

test.skipIf(isWithoutBrowser)(
  "a line is heard from its first word on, is shown while it is heard, and keys move the place",
  async () => {
    const opened = await open();
    const { page } = opened;
    await page.getByRole("button", { name: /Try the sample/ }).click();
    await page.locator(".pill.is-finalized").waitFor({ timeout: sampleMs });
    // It has followed the meeting to its end.
    await page.getByRole("region", { name: "Transcript" }).press("Home");
    const line = page.locator(".line", { hasText: "Hello, this is Callum." });
    await line.getByRole("button", { name: /^Play from/ }).click();
    await expect.poll(() => placeOf(page), patiently).toBeGreaterThan(13_000);
    await page.locator(".line.is-heard", { hasText: "Hello, this is Callum." }).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    const paused = await placeOf(page);
    expect(paused).toBeLessThan(40_000);
    expect(await page.locator("audio").count(), "sound is no part of the page's tree").toBe(0);

    await page.locator("h1").click();
    await page.keyboard.press("l");
    expect(await placeOf(page)).toBe(Math.min(paused + 10_000, 71_000));
    await page.keyboard.press("ArrowLeft");
    await page.getByRole("slider").focus();
    await page.keyboard.press("Home");
    expect(await placeOf(page)).toBe(0);
    await page.locator("h1").click();
    await page.keyboard.press(" ");
    await expect.poll(() => placeOf(page), patiently).toBeGreaterThan(200);
    await page.getByRole("button", { name: "Pause" }).waitFor();
    // The sample's last second is not a whole one: playing comes to its end all the same.
    await page.getByRole("slider").fill("70000");
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
    expect(await placeOf(page)).toBeGreaterThan(69_000);
    expectClean(opened);
  },
  120_000,
);

test.skipIf(isWithoutBrowser)(
  "a track that joined later is heard and drawn where it belongs, and the end of the shorter one ends nothing",
  async () => {
    const sessionId = `two-${crypto.randomUUID()}`;
    const client = createResultsClient({ baseUrl: gateway.url });
    const origin = Date.now() - 60_000;
    for (const [track, laterMs] of Object.entries({ early: 0, late: 5_000 })) {
      const stream = { baseWs: new URL(`${gateway.wsUrl}/`), sessionId, track, encoding: "msgpack" } as const;
      await streamTrack({ ...stream, seconds: 3, second: toneChunk });
      await client.setTrackOrigin(sessionId, track, origin + laterMs);
    }
    const opened = await open(`#/m/${sessionId}`);
    const { page } = opened;
    await expect.poll(() => page.getByRole("slider").getAttribute("max"), patiently).toBe("8000");
    await page.getByRole("button", { name: "Play", exact: true }).click();
    // Between the two nobody was recorded; then the second one is heard, and then the meeting waits for more.
    await expect.poll(() => placeOf(page), patiently).toBeGreaterThan(7_000);
    await page.getByText("waits for audio").waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    expectClean(opened);
  },
  120_000,
);
