/** Whether a view of the console is as it should be on a telephone, a tablet and a desk, by day and by night. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { findingsOf } from "./accessible.ts";

/**
 * Expects that nothing sticks out at the side, that each link of the navigation can be seen and clicked without scrolling for it, and
 * that axe finds nothing that is serious.
 * @param name of the pictures that are written into the folder of `ROOMTONE_LOOK`, where that is set, for a person to look at.
 */
export async function expectFit(page: Page, name: string): Promise<void> {
  const found: unknown[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const width of [360, 768, 1_280]) {
      await page.setViewportSize({ width, height: 800 });
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      const hidden = await hiddenLinksOf(page);
      const serious = (await findingsOf(page)).filter(({ impact }) => impact === "serious" || impact === "critical");
      if (wider > 0 || serious.length > 0 || hidden.length > 0)
        found.push({ colorScheme, width, wider, hidden, serious });
      const { ROOMTONE_LOOK: folder } = process.env;
      if (folder !== undefined)
        await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png`, fullPage: true });
    }
  }
  expect(found).toEqual([]);
}

function hiddenLinksOf(page: Page): Promise<(string | null)[]> {
  return page.getByRole("navigation", { name: "Main" }).evaluate((nav) =>
    [...nav.querySelectorAll("a")].flatMap((link) => {
      const { left, top, right, bottom } = link.getBoundingClientRect();
      const topmost = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      return left >= 0 && right <= innerWidth && link.contains(topmost) ? [] : [link.textContent];
    }),
  );
}
