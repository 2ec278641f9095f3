/** Whether a view of the console is as it should be on a telephone, a tablet and a desk, by day and by night. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { type Finding, findingsOf } from "./accessible.ts";

interface Fault {
  readonly colorScheme: string;
  readonly width: number;
  /** px that stick out at the side. */
  readonly wider: number;
  /** What is hidden by a box that is too narrow for it, and is neither scrolled to nor ends in an ellipsis. */
  readonly cut: readonly string[];
  /** Controls of what floats above the page that something else lies over. */
  readonly covered: readonly string[];
  readonly serious: readonly Finding[];
}

/** @returns what is wrong with what the page shows. */
export async function faultsOf(
  page: Page,
  widths: readonly number[],
  look?: (colorScheme: string, width: number) => Promise<void>,
): Promise<Fault[]> {
  const found: Fault[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 });
      const wider = Math.max(0, await page.evaluate(() => document.documentElement.scrollWidth - innerWidth));
      const cut = await cutIn(page);
      const covered = await coveredIn(page);
      const serious = (await findingsOf(page)).filter(({ impact }) => impact === "serious" || impact === "critical");
      if (wider > 0 || cut.length + covered.length + serious.length > 0)
        found.push({ colorScheme, width, wider, cut, covered, serious });
      await look?.(colorScheme, width);
    }
  }
  return found;
}

/**
 * Expects that nothing sticks out at the side or is cut off, that each link of the navigation can be seen and clicked without scrolling
 * for it, and that axe finds nothing that is serious.
 * @param name of the pictures that are written into the folder of `ROOMTONE_LOOK`, where that is set, for a person to look at.
 */
export async function expectFit(page: Page, name: string): Promise<void> {
  const hidden: unknown[] = [];
  const faults = await faultsOf(page, [360, 768, 1_280], async (colorScheme, width) => {
    const links = await hiddenLinksOf(page);
    if (links.length > 0) hidden.push({ colorScheme, width, links });
    const { ROOMTONE_LOOK: folder } = process.env;
    if (folder !== undefined)
      await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png`, fullPage: true });
  });
  expect({ faults, hidden }).toEqual({ faults: [], hidden: [] });
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

function cutIn(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("body *")].flatMap((element) => {
      const { overflowX, textOverflow, display } = getComputedStyle(element);
      const isBox =
        overflowX !== "visible" && display !== "inline" && !/^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName);
      // A box of one pixel is for those who hear the page, and a table or a row of choices is scrolled sideways by whoever wants.
      const mayBe =
        element.clientWidth <= 1 || element.closest(".usage-scroll, .segments, [aria-hidden=true]") !== null;
      const isCut = isBox && !mayBe && textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 1;
      return isCut ? [`${element.className}: ${element.textContent.slice(0, 80)}`] : [];
    }),
  );
}

/** A player, a bar of what goes on and what is told each float at the lower edge. A dialog lies above all of them, and is to. */
function coveredIn(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll(":is(.player, .activity, .notices) :is(button, input, select, a)")].flatMap(
      (control) => {
        const { left, top, right, bottom } = control.getBoundingClientRect();
        const topmost = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        const isFree = topmost === null || control.contains(topmost) || document.querySelector("dialog[open]") !== null;
        const name = control.getAttribute("aria-label") ?? control.textContent;
        return isFree ? [] : [`${name} is under ${topmost.className || topmost.tagName}`];
      },
    ),
  );
}
