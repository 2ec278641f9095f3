/** The log in a page by `EventSource` alone, as docs/http.md shows it: each type by its own name. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createResultsClient } from "../../client/index.ts";
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

test.skipIf(isWithoutBrowser)("[S2] each event reaches the listener of its type, and `onmessage` none", async () => {
  if (!browser) throw new Error("there is no browser here");
  const client = createResultsClient({ baseUrl: gateway.url });
  await client.createSession({ session_id: "board-7" });
  const page = await browser.newPage();
  // A page of the gateway's own that may ask it.
  await page.goto(`${gateway.url}/docs`);
  const told = page.evaluate(async (): Promise<{ texts: string[]; unnamed: number }> => {
    const source = new EventSource("/v1/sessions/board-7/events");
    const texts: string[] = [];
    let unnamed = 0;
    source.addEventListener("message", () => (unnamed += 1));
    return new Promise((resolve, reject) => {
      source.addEventListener("error", () => reject(new Error("the stream broke off")));
      for (const type of ["utterance.added", "utterance.revised"]) {
        source.addEventListener(type, ({ data }: MessageEvent<string>) => {
          const { utterance } = JSON.parse(data) as { utterance: { text: string } };
          texts.push(`${type}: ${utterance.text}`);
          if (type === "utterance.revised") resolve({ texts, unnamed });
        });
      }
    });
  });
  const said = { utterance_id: "u1", start_ms: 0, end_ms: 900 };
  await client.addUtterances("board-7", [{ ...said, text: "Hello." }]);
  await client.addUtterances("board-7", [{ ...said, text: "Hello!" }]);
  expect(await told).toEqual({ texts: ["utterance.added: Hello.", "utterance.revised: Hello!"], unnamed: 0 });
});
