/** What the console shows seldom, as `npm run screenshots` has it: nothing sticks out or is cut off, and axe finds nothing serious. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { MadeGateway } from "../screenshots/made.ts";
import { states } from "../screenshots/states.ts";
import { faultsOf } from "../support/fit.ts";
import { launchBrowser } from "../support/launch-browser.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";

const chromium = inject("chromium");
const made = new MadeGateway();
let browser: Browser | undefined;

beforeAll(async () => {
  if (!chromium) return;
  await made.start();
  browser = await launchBrowser(chromium, ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]);
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await made.dispose();
});

test.skipIf(isWithoutBrowser).each(states)(
  "$name",
  async ({ open }) => {
    const page = await browser?.newPage({ reducedMotion: "reduce" });
    if (!page) throw new Error("there is no browser here");
    try {
      await open(page, made.url);
      expect(await faultsOf(page, [360, 1_280])).toEqual([]);
    } finally {
      await page.context().close();
    }
  },
  120_000,
);
