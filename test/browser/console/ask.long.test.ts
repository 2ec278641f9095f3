/** Asking in the console: one meeting or all of them; what an answer rests on is heard by its number. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { createResultsClient } from "../../../client/results/results-client.ts";
import { streamTrack } from "../../../client/testkit/track-stream.ts";
import { lowVoice, speak } from "../../support/synthetic-voices.ts";
import { expectAccessible } from "../support/accessible.ts";
import { expectClean, patiently, useConsole } from "../support/use-console.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";

// Nobody listens there: the model that quotes answers instead, and it is said.
const env = { CAPTIONS: "off", OPENAI_BASE_URL: "http://127.0.0.1:9/v1", CHAT_MODEL: "openai/away" };
const { gateway, open } = useConsole({ env });
const speech = new Uint8Array(speak(lowVoice, 6).buffer);

async function keepMeeting(): Promise<string> {
  const sessionId = `ask-${crypto.randomUUID()}`;
  const client = createResultsClient({ baseUrl: gateway.url });
  await client.createSession({ session_id: sessionId, title: "Launch" });
  const stream = { baseWs: new URL(`${gateway.wsUrl}/`), sessionId, track: "mic", encoding: "msgpack" } as const;
  await streamTrack({ ...stream, seconds: 6, second: (seq) => speech.subarray((seq - 1) * 32_000, seq * 32_000) });
  await client.addUtterances(sessionId, [
    { utterance_id: "u1", track: "mic", start_ms: 0, end_ms: 1_900, text: "When do we launch?", speaker: "Bob" },
    {
      utterance_id: "u2",
      track: "mic",
      start_ms: 3_000,
      end_ms: 5_500,
      text: "The launch is on the ninth of March.",
      speaker: "Ann",
    },
  ]);
  return sessionId;
}

const ask = async (page: Page, label: string, question: string): Promise<void> => {
  await page.getByRole("textbox", { name: label }).fill(question);
  await page.getByRole("textbox", { name: label }).press("Enter");
};

test.skipIf(isWithoutBrowser)(
  "[J4] one meeting is asked, and the place of the answer is heard from there",
  async () => {
    const opened = await open(`#/m/${await keepMeeting()}`);
    const { page } = opened;
    await ask(page, "Ask this meeting", "When is the launch?");
    await page.locator(".ask-text", { hasText: "ninth of March" }).waitFor();
    await expectAccessible(page);
    const panel = page.getByRole("region", { name: "Ask this meeting" });
    const told = await panel.getByRole("status").textContent();
    expect(told).toMatch(/^openai\/away can’t answer at the moment\. .*ninth of March.* It rests on \d places?\.$/s);
    expect(told, "numbers say nothing by ear").not.toContain("[1]");
    await panel
      .getByRole("list", { name: "What the answer rests on" })
      .getByRole("button", { name: "Ann 0:03" })
      .click();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "1: listen, Ann, 0 min 3 s" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await ask(page, "Ask this meeting", "Who hired the accountant?");
    await page.locator(".ask-text", { hasText: "I found nothing on that in this meeting." }).waitFor();
    expect(await page.locator(".ask-place").count()).toBe(0);
    expectClean(opened);
  },
);

test.skipIf(isWithoutBrowser)("[J4] all meetings are asked, and the place opens its meeting", async () => {
  const sessionId = await keepMeeting();
  const opened = await open("#/");
  const { page } = opened;
  const isFound = async (): Promise<boolean> => {
    await ask(page, "Ask all meetings", "When is the launch?");
    await page.locator(".ask-answer[aria-busy=false] .ask-text").waitFor();
    return (await page.locator(".ask-place").count()) > 0;
  };
  // The index hears of a meeting within seconds.
  await expect.poll(isFound, patiently).toBe(true);
  await page.locator(".ask-place").first().click();
  await expect.poll(() => page.url(), patiently).toMatch(/#\/m\/ask-/);
  await page.getByRole("button", { name: "Pause" }).waitFor();
  expect(sessionId).toMatch(/^ask-/);
  expectClean(opened);
});

test.skipIf(isWithoutBrowser)(
  "an answer is waited for, stopped and asked for anew, by keyboard as by pointer",
  async () => {
    const opened = await open(`#/m/${await keepMeeting()}`);
    const { page } = opened;
    let asked = 0;
    await page.route("**/v1/chat", () => {
      asked += 1;
    });
    const panel = page.getByRole("region", { name: "Ask this meeting" });
    await ask(page, "Ask this meeting", "When is the launch?");
    await expect.poll(() => panel.getByRole("status").textContent(), patiently).toBe("Looking for an answer…");
    const stop = panel.getByRole("button", { name: "Stop" });
    await stop.click();
    await panel.locator(".ask-note", { hasText: "Stopped." }).waitFor();
    const button = panel.getByRole("button", { name: "Ask", exact: true });
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(asked).toBe(1);
    await page.keyboard.press("Enter");
    await stop.waitFor();
    await page.keyboard.press(" ");
    await button.waitFor();
    await ask(page, "Ask this meeting", "Who launches?");
    await stop.waitFor();
    // Whoever asks again means the new question.
    await ask(page, "Ask this meeting", "Where?");
    await expect.poll(() => asked, patiently).toBe(4);
    await page.keyboard.press("Escape");
    await button.waitFor();
    await page.unrouteAll();
    expectClean(opened);
  },
);
