/** The console as a person first meets it: nothing there, one click, and a meeting is seen to grow. */
import { expect, test } from "vitest";
import { expectClean, patiently, useConsole } from "../support/use-console.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";

const { gateway, open } = useConsole({ env: {} });
/** The sample is played for 24 s. */
const sampleMs = 60_000;

test.skipIf(isWithoutBrowser)(
  "one click on the sample shows its speakers, by name, and all of it kept",
  async () => {
    // The link that `npm start` prints, for a person to click.
    await expect.poll(() => /The console: (\S+)/.exec(gateway.output)?.[1]).toBe(`${gateway.url}/`);
    const opened = await open();
    const { page } = opened;
    const script = await page.evaluate(() => document.querySelector("script")?.src ?? "");
    // As a person's build is, also where a test came to it first.
    expect(await (await fetch(script)).text(), "the page names this machine's folders").not.toContain(process.cwd());
    await page.getByRole("button", { name: /Try the sample/ }).click();
    await page.locator(".pill.is-open").waitFor();
    await page.locator(".pill.is-finalized").waitFor({ timeout: sampleMs });
    await expect
      .poll(() => page.locator(".lane-name").allTextContents(), patiently)
      .toEqual(["Alice", "Bob", "Callum", "mixed"]);
    expect(await page.locator(".number", { hasText: "Kept" }).textContent()).toContain("100 %");
    await page.getByText("I like that very much. Thank you.").waitFor();

    await page.getByRole("link", { name: "Meetings", exact: true }).click();
    const row = page.locator(".meeting-row");
    await row.getByText("Done").waitFor();
    await row.getByRole("button", { name: /^Delete/ }).click();
    await page.getByRole("button", { name: "Delete for good" }).click();
    const receipt = page.getByRole("dialog", { name: "Deleted" });
    await receipt.getByText("Stored objects").waitFor();
    await receipt.getByRole("button", { name: "Close", exact: true }).last().click();
    await page.getByRole("button", { name: /Try the sample/ }).waitFor();
    expect(await row.count()).toBe(0);
    expectClean(opened);
  },
  120_000,
);
