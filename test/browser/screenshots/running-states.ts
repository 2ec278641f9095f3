/** Second looks at who speaks, documents of several devices, the installation when it is in trouble, and what was used. */
import type { Page } from "playwright-core";
import { longMeeting } from "../support/named-meeting.ts";
import { answer, changeAnswer, inTrouble, traceOf } from "./canned.ts";
import { manyMeetings, spend, spendMuch } from "./spend.ts";
import type { State } from "./states.ts";

/** Kept, for a second look that answers at once. */
export const lookedMeeting = "standup-3";

const openLooked = async (page: Page, url: string): Promise<void> => {
  await page.goto(`${url}/#/m/${lookedMeeting}`);
  await page.getByRole("button", { name: "Look again at who speaks" }).waitFor();
};
const review = { track: "mic", asked_at: new Date().toISOString() };

const lookStates: readonly State[] = [
  { name: "look", shows: ".second-look", open: openLooked },
  {
    name: "look-running",
    shows: ".second-look",
    open: async (page, url) => {
      const detail = "the service answered 503";
      await changeAnswer(page, "**/state", { reviews: [{ ...review, status: "waiting", detail }] });
      await openLooked(page, url);
      await page.getByRole("progressbar", { name: "Second look" }).waitFor();
    },
  },
  {
    name: "look-failed",
    shows: ".second-look",
    open: async (page, url) => {
      const detail = "the service did not answer in ten tries over an hour";
      await changeAnswer(page, "**/state", { reviews: [{ ...review, status: "failed", detail }] });
      await openLooked(page, url);
      await page.getByText("was not looked at again").waitFor();
    },
  },
  {
    name: "look-done",
    shows: ".second-look",
    open: async (page, url) => {
      await openLooked(page, url);
      await page.getByRole("button", { name: "Look again at who speaks" }).click();
      await page.getByRole("button", { name: "Undo the second look" }).waitFor();
    },
  },
  {
    name: "look-undone",
    shows: ".second-look",
    open: async (page, url) => {
      await openLooked(page, url);
      await page.getByRole("button", { name: "Look again at who speaks" }).click();
      await page.getByRole("button", { name: "Undo the second look" }).click();
      await page.getByText("It is as it was before.").waitFor();
    },
  },
];

interface Pushed {
  readonly applied: readonly { readonly revision: number }[];
}

/** @returns the document's revision. */
async function push(url: string, device_id: string, change: object): Promise<number> {
  const body = JSON.stringify({ device_id, since: 0, changes: [change] });
  const answered = await fetch(`${url}/v1/sync/knowledge`, { method: "POST", body });
  if (!answered.ok) throw new Error(`a push was answered ${answered.status}: ${await answered.text()}`);
  const { applied } = (await answered.json()) as Pushed;
  return applied[0]?.revision ?? 0;
}

const kilnOf = (degrees: string): string =>
  `# The kiln\n\nIt stands in the yard, behind the second door.\n\nFire it at ${degrees}.\nLet it cool for a day.\n`;

async function pushConflict(url: string, id: string): Promise<void> {
  const head = { id, title: "Kiln", media_type: "text/markdown" };
  const revision = await push(url, "phone", { ...head, revision: 0, body: kilnOf("1,240 degrees") });
  await push(url, "phone", { ...head, revision, body: kilnOf("1,260 degrees") });
  await push(url, "laptop", { ...head, revision, body: kilnOf("1,220 degrees, and slowly") });
  const title = longMeeting.title?.slice(0, 120);
  await push(url, "phone", { id: `${id}-long`, title, media_type: "text/plain", revision: 0, body: "Nothing much." });
}

const documentStates: readonly State[] = [
  {
    name: "documents-empty",
    open: async (page, url) => {
      await page.goto(`${url}/#/documents`);
      await page.getByText("There is none yet.").or(page.locator(".documents")).first().waitFor();
    },
  },
  {
    name: "documents-conflict",
    open: async (page, url) => {
      await pushConflict(url, "kiln");
      await page.goto(`${url}/#/documents`);
      await page.locator(".conflict-side mark").first().waitFor();
    },
  },
  {
    name: "documents-delete",
    open: async (page, url) => {
      await pushConflict(url, "stove");
      await page.goto(`${url}/#/documents`);
      await page
        .getByRole("button", { name: /^Delete Wolfe/ })
        .first()
        .click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "documents-own",
    open: async (page, url) => {
      await pushConflict(url, "oven");
      await page.goto(`${url}/#/documents`);
      await page.getByRole("button", { name: "Write one from both" }).first().click();
      await page.getByRole("button", { name: "Keep this" }).waitFor();
    },
  },
];

const operateStates: readonly State[] = [
  {
    name: "operate",
    open: async (page, url) => {
      await page.goto(`${url}/#/operate`);
      await page.getByText("No alert fires").or(page.getByText("Alerts fire")).first().waitFor();
    },
  },
  {
    name: "operate-trouble",
    shows: "table",
    open: async (page, url) => {
      await changeAnswer(page, "**/admin/edge-health", inTrouble(longMeeting.sessionId));
      await page.goto(`${url}/#/operate`);
      await page.getByRole("table").waitFor();
    },
  },
  {
    name: "operate-trace",
    shows: "table",
    open: async (page, url) => {
      await answer(page, "**/trace*", traceOf("standup-3"));
      await page.goto(`${url}/#/operate`);
      await page.getByText("Meetings open").waitFor();
      await page.getByLabel("Meeting", { exact: true }).fill("standup-3");
      await page.getByRole("button", { name: "Show" }).click();
      await page.getByRole("region", { name: "Lines" }).waitFor();
    },
  },
];

const usageStates: readonly State[] = [
  {
    name: "spent-nothing",
    open: async (page, url) => {
      const money = { exact: "0", shown: "0.000" };
      await changeAnswer(page, "**/v1/usage?*", {
        rows: [],
        total: { ...noEntries, cost_usd: money, charge_usd: money },
      });
      await page.goto(`${url}/#/usage`);
      await page.getByText("Nothing was charged.").waitFor();
    },
  },
  {
    name: "spent-much",
    open: async (page, url) => {
      await spend(url);
      await spendMuch(url);
      await page.goto(`${url}/#/usage`);
      await page.getByRole("link", { name: manyMeetings[0] }).waitFor();
    },
  },
];

const noEntries = {
  entries: 0,
  estimated_entries: 0,
  unpriced_entries: 0,
  quantities: { audio_ms: 0, characters: 0, input_tokens: 0, output_tokens: 0, calls: 0, byte_days: 0 },
};

export const runningStates: readonly State[] = [...lookStates, ...documentStates, ...operateStates, ...usageStates];
