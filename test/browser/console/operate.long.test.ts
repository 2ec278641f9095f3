/** The page for who runs the installation: what waits, and what happened to a meeting. */
import { expect, test } from "vitest";
import { findingsOf } from "../support/accessible.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { expectClean, useConsole } from "../support/use-console.ts";

const { gateway, open } = useConsole({ env: {} });

test.skipIf(isWithoutBrowser)(
  "[Z9] how the installation runs, and the lines of a meeting; clean at each width in both themes",
  async () => {
    const opening = { method: "POST", body: JSON.stringify({ session_id: "board-7" }) };
    expect((await fetch(`${gateway.url}/v1/sessions`, opening)).status).toBe(201);
    const opened = await open("#/operate");
    const { page } = opened;
    await page.getByText("No alert fires").waitFor();
    await page.getByText("Nothing waits in any meeting.").waitFor();
    await page.getByLabel("Meeting", { exact: true }).fill("board-7");
    // What was just done is told some seconds later.
    const row = page.getByRole("row", { name: /cf_request/ }).first();
    await expect
      .poll(
        async () => {
          await page.getByRole("button", { name: "Show" }).click();
          return row.isVisible();
        },
        { timeout: 60_000, interval: 1_000 },
      )
      .toBe(true);
    // Opening it is a request that names no session in its path; asking for its lines is one that does.
    expect(await row.textContent()).toContain("route=getTrace");
    const found: unknown[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const width of [360, 768, 1_280]) {
        await page.setViewportSize({ width, height: 800 });
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        const serious = (await findingsOf(page)).filter(({ impact }) => impact === "serious" || impact === "critical");
        if (wider > 0 || serious.length > 0) found.push({ colorScheme, width, wider, serious });
        const { ROOMTONE_LOOK: folder } = process.env;
        if (folder !== undefined)
          await page.screenshot({ path: `${folder}/operate-${colorScheme}-${width}.png`, fullPage: true });
      }
    }
    expect(found).toEqual([]);
    expectClean(opened);
  },
  180_000,
);
