/** A second look at who speaks, from the console: asked for, waited for, taken back, and back again. */
import { afterAll, expect, test } from "vitest";
import type { Page } from "playwright-core";
import type { ReviewSegment } from "../../../schemas/speech/review.ts";
import { InferenceServer } from "../../support/inference-server.ts";
import { ReviewServer } from "../../support/review-server.ts";
import { expectAccessible } from "../support/accessible.ts";
import { keepMeeting } from "../support/named-meeting.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { expectClean, patiently, useConsole } from "../support/use-console.ts";

const [inference, reviews] = [new InferenceServer(), new ReviewServer()];
await Promise.all([inference.start(), reviews.start()]);
afterAll(() => Promise.all([inference.stop(), reviews.stop()]));
const { gateway, open } = useConsole({
  env: { INFERENCE_BASE_URL: inference.url, REVIEW_BASE_URL: reviews.url },
});

const names = (page: Page) => (): Promise<string[]> => page.locator(".lanes .lane-name").allTextContents();

test.skipIf(isWithoutBrowser)(
  "[R16] [R17] [R20] a meeting is looked at again by a button, says what that changed, and is as before by another",
  async () => {
    const sessionId = `look-${crypto.randomUUID()}`;
    await keepMeeting(gateway.url, inference, { sessionId, speeches: [{ name: "Ann" }] });
    let say: ((segments: readonly ReviewSegment[]) => void) | undefined;
    const said = new Promise<readonly ReviewSegment[]>((resolve) => {
      say = resolve;
    });
    reviews.answer(sessionId, said);
    const opened = await open(`#/m/${sessionId}`);
    const { page } = opened;
    await expect.poll(names(page), patiently).toEqual(["Ann"]);
    const button = page.getByRole("button", { name: "Look again at who speaks" });
    await button.click();
    await page.getByRole("progressbar", { name: "Second look" }).waitFor();
    expect(await button.isDisabled()).toBe(true);
    await expectAccessible(page);

    say?.([
      { start_ms: 0, end_ms: 2_500, speaker: "a" },
      { start_ms: 2_500, end_ms: 4_000, speaker: "b" },
    ]);
    await page.getByText("2 speakers where there was 1; 1 turn changed.").waitFor();
    await expect.poll(names(page), patiently).toEqual(["Ann", "Speaker 2"]);
    await page.getByRole("button", { name: "Undo the second look" }).click();
    await expect.poll(names(page), patiently).toEqual(["Ann"]);
    expect(await page.getByRole("button", { name: "Undo the second look" }).count()).toBe(0);
    await page.getByRole("status").getByRole("button", { name: "Redo" }).press("Enter");
    await expect.poll(names(page), patiently).toEqual(["Ann", "Speaker 2"]);
    expectClean(opened);
  },
);
