/** "Talk to an AI", at each turn of a conversation: how it goes is the answer of a test, the microphone and the meeting are real. */
import type { Page, Request } from "playwright-core";
import { createResultsClient } from "../../../client/results/results-client.ts";
import type { Participant } from "../../../client/index.ts";
import { participant } from "./canned.ts";
import type { State } from "./states.ts";

const said = [
  { speaker: "AI", text: "Thank you for your time. What do you build, and for whom?" },
  { speaker: "Me", text: "We build streaming systems for meetings, for teams that write everything down." },
  { speaker: "AI", text: "What was the hardest part of it, and would you do it again in the same way?" },
];

const sessionOf = (request: Request): string => /sessions\/([^/]+)/.exec(request.url())?.[1] ?? "";

/** @param phases one after the other, the last one for ever. */
async function talk(page: Page, url: string, ...phases: Participant["phase"][]): Promise<void> {
  await page.route("**/participant", async (route) => {
    const [now = "listening"] = phases.length > 1 ? phases.splice(0, 1) : phases;
    const body = JSON.stringify(participant(sessionOf(route.request()), now));
    await route.fulfill({ contentType: "application/json", body });
  });
  await page.goto(`${url}/#/talk`);
  // The button to end it is there before the meeting is.
  const asked = page.waitForRequest("**/participant");
  await page.getByRole("button", { name: "Start talking" }).click();
  const sessionId = sessionOf(await asked);
  await page.getByRole("button", { name: "End", exact: true }).waitFor();
  const utterances = said.map(({ speaker, text }, n) => ({
    utterance_id: `u${n}`,
    track: "mic",
    start_ms: n * 1_000,
    end_ms: n * 1_000 + 900,
    speaker,
    text,
  }));
  await createResultsClient({ baseUrl: url }).addUtterances(sessionId, utterances);
  await page
    .locator(".talk-line")
    .nth(said.length - 1)
    .waitFor();
}

export const talkStates: readonly State[] = [
  { name: "talk", open: async (page, url) => void (await page.goto(`${url}/#/talk`)) },
  {
    name: "talk-refused",
    open: async (page, url) => {
      await page.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = () =>
          Promise.reject(new DOMException("Permission denied", "NotAllowedError"));
      });
      await page.goto(`${url}/#/talk`);
      await page.getByRole("button", { name: "Start talking" }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "talk-speaking",
    open: async (page, url) => {
      await talk(page, url, "speaking");
      await page.getByText("The AI speaks.").waitFor();
    },
  },
  {
    name: "talk-interrupted",
    open: async (page, url) => {
      await talk(page, url, "speaking", "interrupted");
      await page.getByText("You interrupted it").waitFor();
    },
  },
  {
    name: "talk-ended",
    open: async (page, url) => {
      const phases: Participant["phase"][] = ["speaking", "speaking", "speaking", "speaking", "ended"];
      await talk(page, url, ...phases);
      await page.getByText("Open the meeting it is kept as").waitFor();
    },
  },
];
