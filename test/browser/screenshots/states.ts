/**
 * What the console shows seldom: answers, long names, names from right to left, what fails, and what is under way. Each begins on a page
 * of its own, so that one can be taken without the others. Those of conversations and of the installation are in files beside this one.
 */
import type { Page } from "playwright-core";
import { createResultsClient } from "../../../client/results/results-client.ts";
import { rightToLeftMeeting, longMeeting } from "../support/named-meeting.ts";
import { answer, answerQuestion, quoted, refuse, transcription } from "./canned.ts";
import { runningStates } from "./running-states.ts";
import { talkStates } from "./talk-states.ts";

/** Kept for all of them: what was said in it is asked for. */
export const plainMeeting = "board-7";
/** It goes on. */
export const liveMeeting = "weekly-14";

export interface State {
  readonly name: string;
  /** What the picture is of, where it may lie below what is seen first. */
  readonly shows?: string;
  /** Brings a page that was not loaded yet there. @param url of a gateway with the meetings that the states are of. */
  readonly open: (page: Page, url: string) => Promise<void>;
}

const everything = "**/v1/**";

const openMeeting = async (page: Page, url: string, sessionId: string): Promise<void> => {
  await page.goto(`${url}/#/m/${sessionId}`);
  await page.locator(".lane-name").first().waitFor();
  await page.locator(".pill.is-finalized").waitFor();
};

const ask = async (page: Page, label: string, question: string): Promise<void> => {
  await page.getByRole("textbox", { name: label }).fill(question);
  await page.getByRole("textbox", { name: label }).press("Enter");
};

const asking = async (page: Page, url: string, question = "When is the launch?"): Promise<void> => {
  await openMeeting(page, url, plainMeeting);
  await ask(page, "Ask this meeting", question);
};

const openList = async (page: Page, url: string): Promise<void> => {
  await page.goto(`${url}/#/`);
  await page.locator(".meeting-row").first().waitFor();
};

const askStates: readonly State[] = [
  {
    name: "ask-meeting",
    shows: ".ask",
    open: async (page, url) => {
      await asking(page, url);
      await page.locator(".ask-where").first().waitFor();
    },
  },
  {
    name: "ask-all",
    open: async (page, url) => {
      await openList(page, url);
      // The index hears of a meeting within seconds.
      for (let n = 0; n < 60 && (await page.locator(".ask-where").count()) === 0; n += 1) {
        await ask(page, "Ask all meetings", "When is the launch?");
        await page.locator(".ask-answer[aria-busy=false] .ask-text").waitFor();
        await page.waitForTimeout(500);
      }
      await page.locator(".ask-where").first().waitFor();
    },
  },
  {
    name: "ask-fallback",
    shows: ".ask",
    open: async (page, url) => {
      await answerQuestion(page, quoted(plainMeeting));
      await asking(page, url);
      await page.locator(".ask-where").first().waitFor();
    },
  },
  {
    name: "ask-nothing",
    shows: ".ask",
    open: async (page, url) => {
      await asking(page, url, "Who hired the accountant?");
      await page.locator(".ask-text").waitFor();
    },
  },
  {
    name: "ask-working",
    shows: ".ask",
    open: async (page, url) => {
      await page.route("**/v1/chat", () => undefined);
      await asking(page, url);
      await page.getByRole("button", { name: "Stop" }).waitFor();
    },
  },
  {
    name: "ask-refused",
    shows: ".ask",
    open: async (page, url) => {
      await refuse(page, "**/v1/chat", 429, "rate_limited", "Too many requests.");
      await asking(page, url);
      await page.locator(".ask-note.is-problem").waitFor();
    },
  },
];

const nameStates: readonly State[] = [
  { name: "names-list", open: openList },
  { name: "names-long", open: (page, url) => openMeeting(page, url, longMeeting.sessionId) },
  { name: "names-right-to-left", open: (page, url) => openMeeting(page, url, rightToLeftMeeting.sessionId) },
  {
    name: "names-menu",
    open: async (page, url) => {
      await openMeeting(page, url, longMeeting.sessionId);
      await page.getByRole("button", { name: "Export" }).click();
    },
  },
  {
    name: "names-dialog",
    open: async (page, url) => {
      await openMeeting(page, url, longMeeting.sessionId);
      await page.locator(".lanes .lane-name").first().click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "names-turn",
    open: async (page, url) => {
      await openMeeting(page, url, longMeeting.sessionId);
      await page.locator(".line").first().hover();
      await page.locator(".line-move").first().click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "names-history",
    open: async (page, url) => {
      await openMeeting(page, url, longMeeting.sessionId);
      await page.getByRole("button", { name: "Who decided what" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "names-delete",
    open: async (page, url) => {
      await openMeeting(page, url, longMeeting.sessionId);
      await page.getByRole("button", { name: "Delete" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
];

/** Every call is answered as one with a key that nobody knows. */
const withoutKey = async (page: Page, url: string): Promise<void> => {
  await refuse(page, everything, 401, "unauthorized", "A token is missing, or is none that this gateway knows.");
  await page.goto(`${url}/#/`);
  await page.getByRole("dialog").waitFor();
};

/** A recording goes on in this tab, and its meeting is looked at. */
const openRecorded = async (page: Page, url: string): Promise<void> => {
  await page.goto(`${url}/#/record`);
  await page.getByRole("button", { name: "Start recording" }).click();
  await page.getByText(/[2-9] s kept/).waitFor();
  await page.getByRole("link", { name: "See who speaks" }).click();
  await page.getByRole("region", { name: "Player" }).waitFor();
};

const failureStates: readonly State[] = [
  { name: "key-asked", open: withoutKey },
  {
    name: "key-wrong",
    open: async (page, url) => {
      await withoutKey(page, url);
      await page.getByLabel("API key or token").fill(`rt_${"a".repeat(12)}_${"b".repeat(43)}`);
      await page.getByRole("button", { name: "Go on" }).click();
      await page.getByText("does not know this key").waitFor();
    },
  },
  {
    name: "key-put-off",
    open: async (page, url) => {
      await withoutKey(page, url);
      await page.getByRole("button", { name: "Not now" }).click();
      await page.getByRole("button", { name: "Enter a key" }).waitFor();
    },
  },
  {
    name: "list-nothing-fits",
    open: async (page, url) => {
      await openList(page, url);
      await page.getByRole("searchbox").fill("nobody called anything so");
      await page.getByText("No meeting fits.").waitFor();
    },
  },
  {
    name: "list-gone",
    open: async (page, url) => {
      await openList(page, url);
      await page.route(everything, (route) => route.abort());
      await page.locator(".banner.is-problem").waitFor();
    },
  },
  {
    name: "list-busy",
    open: async (page, url) => {
      await refuse(page, everything, 429, "rate_limited", "Too many requests.");
      await page.goto(`${url}/#/`);
      await page.locator(".banner.is-problem").waitFor();
    },
  },
  {
    name: "meeting-unknown",
    open: async (page, url) => {
      await page.goto(`${url}/#/m/nobody-was-here`);
      await page.getByText("There is no meeting of this name.").waitFor();
    },
  },
  {
    name: "meeting-deleted",
    open: async (page, url) => {
      const client = createResultsClient({ baseUrl: url });
      await client.createSession({ session_id: "deleted-1" }).catch(() => undefined);
      await client.deleteSession("deleted-1");
      await page.goto(`${url}/#/m/deleted-1`);
      await page.getByText("This meeting was deleted.").waitFor();
    },
  },
  {
    name: "meeting-gone",
    open: async (page, url) => {
      await page.goto(`${url}/#/m/${liveMeeting}`);
      await page.locator(".lane-name").first().waitFor();
      await page.route(everything, (route) => route.abort());
      await page.getByText("has lost the gateway").waitFor();
    },
  },
  { name: "recording-elsewhere", open: openRecorded },
  {
    name: "recording-refused",
    open: async (page, url) => {
      await page.route("**/finalize", (route) => route.abort());
      await openRecorded(page, url);
      await page.getByRole("button", { name: "End meeting" }).click();
      await page.getByText("The meeting was not ended.").waitFor();
    },
  },
  {
    name: "transcribing",
    shows: ".transcription",
    open: async (page, url) => {
      await answer(page, "**/transcribe", transcription, 202);
      await openMeeting(page, url, plainMeeting);
      await page.getByRole("button", { name: /^Transcribe/ }).click();
      await page.getByRole("dialog").getByRole("button", { name: "preferred" }).click();
      await page.getByRole("progressbar", { name: "Transcription" }).waitFor();
    },
  },
];

export const states: readonly State[] = [
  ...askStates,
  ...nameStates,
  ...failureStates,
  ...talkStates,
  ...runningStates,
];
