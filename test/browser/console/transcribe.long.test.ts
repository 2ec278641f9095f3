/** The kept audio written down from the console, by a model that the person chose; and what the installation is made of. */
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { loadAudio, secondsOf } from "../../../client/testkit/sent-audio.ts";
import { streamTrack } from "../../../client/testkit/track-stream.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { expectAccessible } from "../support/accessible.ts";
import { expectClean, useConsole } from "../support/use-console.ts";

const { gateway, open } = useConsole();
/** A model on a busy machine. */
const heardIn = { timeout: 120_000 } as const;

test.skipIf(isWithoutBrowser)(
  "[M30] a meeting is transcribed with a model of one's choice, is watched meanwhile, and says what was said",
  async () => {
    const sessionId = `write-${randomUUID()}`;
    const audio = await loadAudio("scripts/demo/sample/interview.wav", 24);
    const target = { baseWs: new URL(`${gateway.wsUrl}/`), sessionId, track: "mixed", clientId: "test" };
    await streamTrack({ ...target, encoding: "msgpack", ...secondsOf(audio) });
    const opened = await open(`#/m/${sessionId}`);
    const { page } = opened;
    await page.getByRole("button", { name: /^Transcribe/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "preferred" }).click();
    await page.getByRole("progressbar", { name: "Transcription" }).waitFor(heardIn);
    await expectAccessible(page);
    // What this tab began it goes on watching.
    await page.reload();
    await page
      .locator(".line-text", { hasText: /Good morning/i })
      .first()
      .waitFor(heardIn);
    await page.getByRole("button", { name: "Transcribe again…" }).waitFor(heardIn);
    expect(await page.getByRole("progressbar", { name: "Transcription" }).count(), "still being written").toBe(0);
    expectClean(opened);
  },
  240_000,
);

test.skipIf(isWithoutBrowser)("the settings say how each part of the installation is, and its models", async () => {
  const opened = await open("#/settings");
  const { page } = opened;
  await page.getByText("All of it works").waitFor();
  const parts = page.getByRole("list", { name: "Its parts" });
  for (const part of ["Rooms", "Storage", "List of meetings"])
    expect(await parts.getByText(part).locator("..").textContent()).toContain("works");
  const models = page.locator(".card", { hasText: "Models" });
  await models.getByText("Write down what is said").waitFor();
  expect(await models.locator(".is-code").count()).toBeGreaterThan(0);
  expectClean(opened);
});
