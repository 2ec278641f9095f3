/** The page for who runs the installation: what waits, and what happened to a meeting. */
import { expect, test } from "vitest";
import { expectFit } from "../support/fit.ts";
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
    await expectFit(page, "operate");
    expectClean(opened);
  },
  180_000,
);
