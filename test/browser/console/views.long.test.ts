/** Every view, light and dark, wide and narrow: text is drawn, nothing sticks out, and axe finds nothing serious. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { findingsOf } from "../support/accessible.ts";
import { fakeMicrophone } from "../support/fake-microphone.ts";
import { noiseOf } from "../support/known-noise.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { expectClean, useConsole } from "../support/use-console.ts";

const microphone = fakeMicrophone(noiseOf(40));
const { gateway, open } = useConsole({ env: {}, args: microphone.args });
const schemes = ["light", "dark"] as const;
const widths = [360, 1_280] as const;

interface Fault {
  readonly where: string;
  /** px that stick out. */
  readonly wider: number;
  readonly serious: readonly (readonly [string, readonly string[]])[];
}

/** @returns what is wrong with what the page shows. */
async function faultsOf(page: Page, what: string): Promise<Fault[]> {
  const found: Fault[] = [];
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 });
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      const serious = (await findingsOf(page))
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => [id, nodes.map(({ html }) => html)] as const);
      found.push({ where: `${what}, ${colorScheme}, ${width} px`, wider: Math.max(0, wider), serious });
    }
  }
  return found.filter(({ wider, serious }) => wider > 0 || serious.length > 0);
}

test.skipIf(isWithoutBrowser)(
  "axe finds nothing serious in any view, and nothing is wider than the page",
  async () => {
    const opened = await open();
    const { page } = opened;
    const faults: Fault[] = [];
    await page.getByText("Nothing here yet.").waitFor();
    faults.push(...(await faultsOf(page, "the empty list")));
    await page.getByRole("button", { name: /Try the sample/ }).click();
    await page.locator(".lane-name", { hasText: "Callum" }).waitFor();
    faults.push(...(await faultsOf(page, "a live meeting")));
    await page.locator(".pill.is-finalized").waitFor({ timeout: 60_000 });
    faults.push(...(await faultsOf(page, "a finalized meeting")));
    await page.getByRole("button", { name: "Transcribe again…" }).click();
    await page.getByRole("dialog").waitFor();
    faults.push(...(await faultsOf(page, "the dialog that transcribes")));
    await page.keyboard.press("Escape");
    await page.goto(`${gateway.url}/#/`);
    await page.locator(".meeting-row").waitFor();
    faults.push(...(await faultsOf(page, "the list")));
    await page.getByRole("button", { name: /^Delete/ }).click();
    await page.getByRole("dialog").waitFor();
    faults.push(...(await faultsOf(page, "the dialog that deletes")));
    await page.keyboard.press("Escape");
    await page.goto(`${gateway.url}/#/settings`);
    await page.getByText("Version").waitFor();
    faults.push(...(await faultsOf(page, "the settings")));
    await page.goto(`${gateway.url}/#/record`);
    faults.push(...(await faultsOf(page, "before a recording")));
    await page.getByRole("button", { name: "Start recording" }).click();
    await page.getByText(/[1-9] s kept/).waitFor();
    faults.push(...(await faultsOf(page, "a recording")));
    await page.goto(`${gateway.url}/#/nowhere`);
    await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    faults.push(...(await faultsOf(page, "an address of nothing, while a recording runs")));
    expect(faults).toEqual([]);
    expectClean(opened);
  },
  180_000,
);

test.skipIf(isWithoutBrowser)("the browser of these tests draws text", async () => {
  const { page } = await open("#/settings");
  /** How much ink a text is, in pixels that are not empty. */
  const inkOf = (text: string): Promise<number> =>
    page.evaluate((shown) => {
      const context = document.createElement("canvas").getContext("2d");
      if (!context) return 0;
      context.font = `40px ${getComputedStyle(document.body).fontFamily}`;
      context.fillText(shown, 0, 60);
      return context.getImageData(0, 0, 300, 150).data.filter((value, i) => i % 4 === 3 && value > 0).length;
    }, text);
  const [stroke, letter] = [await inkOf("l"), await inkOf("M")];
  expect(stroke).toBeGreaterThan(50);
  expect(letter, "a letter is no box that stands for all of them").toBeGreaterThan(stroke * 1.5);
});
