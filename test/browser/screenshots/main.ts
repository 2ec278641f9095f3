/**
 * `npm run screenshots`: pictures of the console's views, at three widths, light and dark, in `.wrangler/screenshots`. To be
 * looked at: no machine says whether a page is beautiful. `--only NAME` takes one view.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { GatewayProcess } from "../../../scripts/local/gateway-process.ts";
import { findChromium } from "../support/chromium.ts";
import { launchBrowser } from "../support/launch-browser.ts";
import { shots } from "./shots.ts";

const widths = [360, 1_024, 1_600] as const;
const schemes = ["light", "dark"] as const;
const folder = join(".wrangler", "screenshots");
const { values } = parseArgs({ options: { only: { type: "string" } } });

const found = await findChromium();
if ("missing" in found) throw new Error(found.missing);
mkdirSync(folder, { recursive: true });
const gateway = new GatewayProcess();
let browser: Browser | undefined;
try {
  await gateway.start();
  browser = await launchBrowser(found, ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]);
  // What moves would be caught in the middle.
  const page = await browser.newPage({ reducedMotion: "reduce" });
  page.on("console", (message) => {
    if (message.type() === "error") console.error(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => console.error(`page: ${error.message}`));
  for (const { name, open } of shots) {
    // What a view needs is made, though no picture of it is asked for: later ones build on it.
    await open(page, gateway.url);
    if (values.only === undefined || values.only === name) await take(page, name);
    if (values.only === name) break;
  }
} finally {
  await browser?.close();
  await gateway.dispose();
}

async function take(page: Page, name: string): Promise<void> {
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
      console.log(path);
    }
  }
}
