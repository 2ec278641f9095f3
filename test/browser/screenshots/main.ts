/**
 * `npm run screenshots`: pictures of the console's views, at three widths, light and dark, in `.wrangler/screenshots`. To be
 * looked at: no machine says whether a page is beautiful.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import * as z from "zod";
import { Failure } from "../../../schemas/lib/failure.ts";
import { defineCommand } from "../../../scripts/cli/define-command.ts";
import { runCommand } from "../../../scripts/cli/run-command.ts";
import { GatewayProcess } from "../../../scripts/local/gateway-process.ts";
import { findChromium } from "../support/chromium.ts";
import { launchBrowser } from "../support/launch-browser.ts";
import { MadeGateway } from "./made.ts";
import { shots } from "./shots.ts";
import { states } from "./states.ts";

const usualWidths = [360, 1_024, 1_600];
const schemes = ["light", "dark"] as const;
const folder = join(".wrangler", "screenshots");
const names = [...shots, ...states].map(({ name }) => name);

type Print = (line: string) => void;
type IsAsked = (shot: { readonly name: string }) => boolean;

const command = defineCommand({
  name: "npm run screenshots --",
  description: `Pictures of the console's views, at three widths, light and dark, in ${folder}.`,
  options: {
    only: z
      .array(z.string().refine((name) => names.some((one) => one === name || one.startsWith(`${name}-`)), "is a view"))
      .optional()
      .meta({ value: "<views...>", description: `${names.join(", ")}, or the first word of some; all by default` }),
    widths: z
      .array(z.coerce.number().int().min(240).max(4_000))
      .default(usualWidths)
      .meta({ value: "<px...>", description: `of the page; ${usualWidths.join(", ")} by default` }),
  },
});

await runCommand(command, async ({ only, widths }, { print }) => {
  const found = await findChromium();
  if ("missing" in found) throw new Failure(found.missing);
  mkdirSync(folder, { recursive: true });
  const isAsked: IsAsked = ({ name }) => only?.some((one) => name === one || name.startsWith(`${one}-`)) ?? true;
  const browser = await launchBrowser(found, ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]);
  try {
    if (shots.some(isAsked)) await takeShots(browser, isAsked, widths, print);
    if (states.some(isAsked)) await takeStates(browser, isAsked, widths, print);
    return 0;
  } finally {
    await browser.close();
  }
});

async function takeShots(browser: Browser, isAsked: IsAsked, widths: readonly number[], print: Print): Promise<void> {
  const gateway = new GatewayProcess();
  try {
    await gateway.start();
    const page = await newPage(browser, print);
    // What a view needs is made, though no picture of it is asked for: later ones build on it.
    for (const shot of shots.slice(0, shots.findLastIndex(isAsked) + 1)) {
      await shot.open(page, gateway.url);
      if (isAsked(shot)) await take(page, shot.name, widths, print);
    }
  } finally {
    await gateway.dispose();
  }
}

async function takeStates(browser: Browser, isAsked: IsAsked, widths: readonly number[], print: Print): Promise<void> {
  const made = new MadeGateway();
  try {
    await made.start();
    for (const state of states.filter(isAsked)) {
      const page = await newPage(browser, print);
      await state.open(page, made.url);
      await take(page, state.name, widths, print, state.shows);
      await page.context().close();
    }
  } finally {
    await made.dispose();
  }
}

async function newPage(browser: Browser, print: Print): Promise<Page> {
  // What moves would be caught in the middle.
  const page = await browser.newPage({ reducedMotion: "reduce" });
  page.on("console", (message) => {
    if (message.type() === "error") print(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => print(`page: ${error.message}`));
  return page;
}

async function take(page: Page, name: string, widths: readonly number[], print: Print, shows?: string): Promise<void> {
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const width of widths) {
      await page.setViewportSize({ width, height: width < 600 ? 780 : 900 });
      if (shows !== undefined)
        await page
          .locator(shows)
          .first()
          .evaluate((seen) => seen.scrollIntoView({ block: "center" }));
      // Colours of before may still be on the screen.
      await page.evaluate(
        () =>
          new Promise((resolve) => {
            setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(resolve)), 150);
          }),
      );
      const path = join(folder, `${name}-${width}-${colorScheme}.png`);
      await page.screenshot({ path });
      print(path);
    }
  }
}
