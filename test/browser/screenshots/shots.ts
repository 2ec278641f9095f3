/** The views of the console in the order in which they are taken: each begins where the one before left the page. */
import type { Page } from "playwright-core";

interface Shot {
  readonly name: string;
  /** Brings the page there. */
  readonly open: (page: Page, url: string) => Promise<void>;
}

const speakersMs = 60_000;

const dayMs = 86_400_000;
/** What was used of each model of a week, in dollars a day. */
const spent = [
  { feature: "chat", model: "workers-ai/llama-4-scout", usd: [0.31, 0.44, 0.12, 0.05, 0.38, 0.52, 0.41] },
  { feature: "stt", model: "workers-ai/nova-3", usd: [0.22, 0.35, 0.08, 0, 0.27, 0.31, 0.36] },
  { feature: "tts", model: "workers-ai/aura-1", usd: [0.04, 0.06, 0, 0, 0.05, 0.09, 0.07] },
] as const;
const budgets = [
  { feature: "all", usd_per_day: "1.5" },
  { feature: "chat", tokens_per_minute: 20_000, usd_per_day: "0.5" },
  { feature: "stt", audio_seconds_per_minute: 600 },
];

/** A week of a small team, and what it may spend. */
async function spend(url: string): Promise<void> {
  const send = async (method: string, path: string, body: object): Promise<void> => {
    const answer = await fetch(url + path, { method, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${await answer.text()}`);
  };
  const entries = spent.flatMap(({ feature, model, usd }) =>
    usd.map((dollars, n) => ({
      event_id: `${feature}-${n}`,
      at: new Date(Date.now() - (usd.length - 1 - n) * dayMs).toISOString(),
      feature,
      model,
      session_id: n % 2 === 0 ? "board-7" : "weekly-14",
      cost_usd: String(dollars),
      quantities: { calls: Math.ceil(dollars * 40), audio_ms: feature === "chat" ? 0 : Math.round(dollars * 4e6) },
    })),
  );
  await send("POST", "/v1/billing/record", { entries });
  await send("POST", "/v1/billing/topup", { event_id: "first", amount_usd: "25" });
  await send("PUT", "/v1/billing/budgets", { budgets });
}

export const shots: readonly Shot[] = [
  {
    name: "usage",
    open: async (page, url) => {
      await spend(url);
      await page.goto(`${url}/#/usage`);
      await page.getByRole("meter", { name: "chat, dollars today" }).waitFor();
    },
  },
  {
    name: "empty",
    open: async (page, url) => {
      await page.goto(url);
      await page.getByRole("button", { name: /try the sample/i }).waitFor();
    },
  },
  {
    name: "live",
    open: async (page) => {
      await page.getByRole("button", { name: /try the sample/i }).click();
      await page.locator(".lane-name", { hasText: "Bob" }).waitFor({ timeout: speakersMs });
    },
  },
  {
    name: "done",
    open: (page) => page.locator(".pill.is-finalized").waitFor({ timeout: speakersMs }),
  },
  {
    name: "playing",
    open: async (page) => {
      await page.getByRole("button", { name: "Play from 0:1", exact: false }).first().click();
      await page.locator(".playhead").first().waitFor();
      await page.locator(".line.is-heard").waitFor();
    },
  },
  {
    name: "naming",
    open: async (page) => {
      await page.locator(".lanes").getByRole("button", { name: "Bob" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "list",
    open: async (page, url) => {
      await page.goto(`${url}/#/`);
      await page.locator(".meeting-row").first().waitFor();
    },
  },
  {
    name: "delete",
    open: async (page) => {
      await page
        .getByRole("button", { name: /^delete/i })
        .first()
        .click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "record",
    open: async (page, url) => {
      await page.getByRole("button", { name: "Keep it" }).click();
      await page.goto(`${url}/#/record`);
      await page.getByRole("button", { name: "Start recording" }).waitFor();
    },
  },
  {
    name: "recording",
    open: async (page) => {
      await page.getByRole("button", { name: "Start recording" }).click();
      await page.getByText(/[1-9]\d* s kept/).waitFor();
    },
  },
  {
    name: "recorded",
    open: async (page) => {
      await page.getByRole("button", { name: "Stop" }).click();
      await page.locator(".pill.is-finalized").waitFor({ timeout: speakersMs });
    },
  },
  {
    name: "settings",
    open: async (page, url) => {
      await page.goto(`${url}/#/settings`);
      await page.getByText("Version").waitFor();
    },
  },
];
