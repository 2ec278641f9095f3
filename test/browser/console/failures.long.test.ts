/** What a failed test leaves behind to be looked at. */
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { WatchedPages } from "../support/keep-failure.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { useConsole } from "../support/use-console.ts";

const { open } = useConsole();

test.skipIf(isWithoutBrowser)("a picture, the console, the tree of each page and a trace are kept", async () => {
  const { page } = await open("#/settings");
  const watched = new WatchedPages();
  const context = await page.context().browser()?.newContext();
  if (!context) throw new Error("there is no browser here");
  onTestFinished(() => context.close());
  await watched.watch(context);
  const other = await context.newPage();
  await other.goto(page.url());
  await other.getByText("Version").waitFor();
  await other.evaluate(() => console.warn("something is odd here"));
  const place = await watched.keep(`told ${crypto.randomUUID()}`);
  onTestFinished(() => rm(place, { recursive: true }));
  expect(await readFile(join(place, "1-console.log"), "utf8")).toContain("warning: something is odd here");
  expect(await readFile(join(place, "1-page.html"), "utf8")).toContain("This installation");
  expect((await stat(join(place, "1-page.png"))).size).toBeGreaterThan(1_000);
  // A ZIP of the film, the actions and the requests.
  const trace = await readFile(join(place, "1-trace.zip"));
  expect(trace.subarray(0, 2).toString()).toBe("PK");
  expect(trace.toString("latin1")).toMatch(/screencast\/[^/]*\.jpeg/);
});
