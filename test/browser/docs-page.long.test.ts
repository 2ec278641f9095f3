/** The contract's page as a gateway serves it, in a browser: both documents are shown, and nothing is asked of anyone else. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { launchBrowser } from "./support/launch-browser.ts";
import { isWithoutBrowser } from "./support/use-browser.ts";

const found = inject("chromium");
const gateway = new GatewayProcess();
let browser: Browser | undefined;

beforeAll(async () => {
  if (!found) return;
  await gateway.start();
  browser = await launchBrowser(found);
});
afterAll(async () => {
  await browser?.close();
  await gateway.dispose();
});

interface Opened {
  readonly page: Page;
  /** Requests to other servers. */
  readonly outside: readonly string[];
  /** What the console has of errors: violations of the policy are among them. */
  readonly errors: readonly string[];
}

async function open(width: number, search: string): Promise<Opened> {
  if (!browser) throw new Error("there is no browser here");
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  const outside: string[] = [];
  const errors: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(gateway.url) && !request.url().startsWith("data:")) outside.push(request.url());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await page.goto(`${gateway.url}/docs${search}`);
  return { page, outside, errors };
}

test.skipIf(isWithoutBrowser).each([
  ["HTTP", 1440, "", "No such speaker cluster"],
  ["HTTP", 390, "", "Introduction"],
  ["WebSockets", 1440, "?api=websockets", "Stream a track"],
  ["WebSockets", 820, "?api=websockets", "A newer connection streams this track"],
])(
  "the page of %s at %d px shows its document under its policy, from this gateway alone",
  async (_, width, search, text) => {
    const { page, outside, errors } = await open(width, search);
    // Not all of it is in the visible part, or unfolded: it is in the page.
    await page.getByText(text).first().waitFor({ state: "attached" });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - globalThis.innerWidth)).toBeLessThanOrEqual(
      0,
    );
    expect({ outside, errors }).toEqual({ outside: [], errors: [] });
    await page.close();
  },
);
