/** The views of the console in the order in which they are taken: each begins where the one before left the page. */
import type { Page } from "playwright-core";
import { spend } from "./spend.ts";

interface Shot {
  readonly name: string;
  /** Brings the page there. */
  readonly open: (page: Page, url: string) => Promise<void>;
}

const speakersMs = 60_000;

export const shots: readonly Shot[] = [
  {
    name: "usage",
    open: async (page, url) => {
      await spend(url);
      await page.goto(`${url}/#/usage`);
      await page.getByRole("meter", { name: "Questions, dollars today" }).waitFor();
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
