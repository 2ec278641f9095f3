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
import { shots } from "./shots.ts";

const widths = [360, 1_024, 1_600] as const;
const schemes = ["light", "dark"] as const;
const folder = join(".wrangler", "screenshots");
const names = shots.map(({ name }) => name);

const command = defineCommand({
  name: "npm run screenshots --",
  description: `Pictures of the console's views, at three widths, light and dark, in ${folder}.`,
  options: {
    only: z
      .enum(names, `must be one of ${names.join(", ")}`)
      .optional()
      .meta({ value: "<view>", description: `${names.join(", ")}; all by default` }),
  },
});

await runCommand(command, async ({ only }, { print }) => {
  const found = await findChromium();
  if ("missing" in found) throw new Failure(found.missing);
  mkdirSync(folder, { recursive: true });
  const gateway = new GatewayProcess();
  let browser: Browser | undefined;
  try {
    await gateway.start();
    browser = await launchBrowser(found, ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]);
    // What moves would be caught in the middle.
    const page = await browser.newPage({ reducedMotion: "reduce" });
    page.on("console", (message) => {
      if (message.type() === "error") print(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => print(`page: ${error.message}`));
    for (const { name, open } of shots) {
      // What a view needs is made, though no picture of it is asked for: later ones build on it.
      await open(page, gateway.url);
      if (only === undefined || only === name) for (const path of await take(page, name)) print(path);
      if (only === name) break;
    }
    return 0;
  } finally {
    await browser?.close();
    await gateway.dispose();
  }
});

/** @returns the paths of the pictures. */
async function take(page: Page, name: string): Promise<string[]> {
  const paths: string[] = [];
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const width of widths) {
      await page.setViewportSize({ width, height: width < 600 ? 780 : 900 });
      // Colours of before may still be on the screen.
      await page.evaluate(
        () =>
          new Promise((resolve) => {
            setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(resolve)), 150);
          }),
      );
      const path = join(folder, `${name}-${width}-${colorScheme}.png`);
      await page.screenshot({ path });
      paths.push(path);
    }
  }
  return paths;
}
