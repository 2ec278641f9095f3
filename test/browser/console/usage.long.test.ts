/** The page of what was used: its code comes when it is looked at, and it says what the ledger says. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { expectFit } from "../support/fit.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { expectClean, useConsole } from "../support/use-console.ts";

const { gateway, open } = useConsole({ env: {} });
const send = async (method: string, path: string, body: object): Promise<number> =>
  (await fetch(`${gateway.url}${path}`, { method, body: JSON.stringify(body) })).status;

test.skipIf(isWithoutBrowser)(
  "[B12] spend over time, by feature and meeting, and budgets; clean at each width in both themes; the file is safe to open",
  async () => {
    const at = new Date().toISOString();
    const entry = {
      at,
      feature: "chat",
      cost_usd: "1",
      quantities: { input_tokens: 1_000, output_tokens: 500, calls: 1 },
    };
    const entries = [
      { ...entry, event_id: "a", session_id: "board-7" },
      { ...entry, event_id: "b", feature: "stt", cost_usd: "0.5", session_id: "board-8" },
    ];
    expect(await send("POST", "/v1/billing/record", { entries })).toBe(200);
    const meeting = { session_id: "board-8", title: "=The board, July" };
    expect(await send("POST", "/v1/sessions", meeting)).toBe(201);
    const budgets = [{ feature: "chat", tokens_per_minute: 2_000, usd_per_day: "1.2" }];
    expect(await send("PUT", "/v1/billing/budgets", { budgets })).toBe(200);
    const opened = await open("#/");
    const { page } = opened;
    const loaded = (): Promise<number> =>
      page.evaluate(
        () => performance.getEntriesByType("resource").filter(({ name }) => /usage-view/.test(name)).length,
      );
    await page.getByRole("link", { name: "Usage" }).waitFor();
    expect(await loaded()).toBe(0);
    await page.getByRole("link", { name: "Usage" }).click();
    await page.getByRole("heading", { name: "By feature" }).waitFor();
    expect(await loaded()).toBeGreaterThan(0);
    await page.getByRole("row", { name: /^Questions \$1\.030 1 0 1,500$/ }).waitFor();
    await page.getByRole("link", { name: "board-7" }).waitFor();
    await page.getByRole("link", { name: "=The board, July" }).waitFor();
    expect(await page.getByRole("meter", { name: "Questions, dollars today" }).getAttribute("aria-valuenow")).toBe(
      "86",
    );
    await expectFit(page, "usage");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save as CSV" }).click(),
    ]);
    const text = readFileSync(await download.path(), "utf8");
    expect(text).toContain("feature,chat,1.03,1,1,0,0,0,0,1000,500,1,0,\r\n");
    expect(text).toContain("meeting,board-8,0.515,");
    expect(text).toContain(`"'=The board, July"\r\n`);
    expectClean(opened);
  },
  120_000,
);
