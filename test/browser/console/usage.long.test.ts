/** The page of what was used: its code comes when it is looked at, and it says what the ledger says. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { findingsOf } from "../support/accessible.ts";
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
    await page.getByRole("row", { name: /^chat \$1\.030 1 0 1,500$/ }).waitFor();
    await page.getByRole("link", { name: "board-7" }).waitFor();
    expect(await page.getByRole("meter", { name: "chat, dollars today" }).getAttribute("aria-valuenow")).toBe("86");
    const found: unknown[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const width of [360, 768, 1_280]) {
        await page.setViewportSize({ width, height: 800 });
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        // Each view of the navigation can be seen and clicked without scrolling for it.
        const hidden = await page.getByRole("navigation", { name: "Main" }).evaluate((nav) =>
          [...nav.querySelectorAll("a")].flatMap((link) => {
            const { left, top, right, bottom } = link.getBoundingClientRect();
            const topmost = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
            return left >= 0 && right <= innerWidth && link.contains(topmost) ? [] : [link.textContent];
          }),
        );
        const serious = (await findingsOf(page)).filter(({ impact }) => impact === "serious" || impact === "critical");
        if (wider > 0 || serious.length > 0 || hidden.length > 0)
          found.push({ colorScheme, width, wider, hidden, serious });
        const { ROOMTONE_LOOK: folder } = process.env;
        if (folder !== undefined)
          await page.screenshot({ path: `${folder}/usage-${colorScheme}-${width}.png`, fullPage: true });
      }
    }
    expect(found).toEqual([]);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save as CSV" }).click(),
    ]);
    const text = readFileSync(await download.path(), "utf8");
    expect(text).toContain("feature,chat,1.03,1,1,0,0,0,0,1000,500,1,0\r\n");
    expect(text).toContain("meeting,board-8,0.515,");
    expectClean(opened);
  },
  120_000,
);
