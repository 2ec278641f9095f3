/** A person without a pointer: goes from one element to the next, sees where they are, and presses keys. */
import type { Page } from "playwright-core";

/** Further than any view has elements: who passes as many has gone round. */
const mostSteps = 120;

interface Focused {
  /** What it is called, to those who hear the page. */
  readonly name: string;
  /** Whether anything is drawn that says that the focus is here. */
  readonly isSeen: boolean;
}

export class Keyboard {
  /** What had the focus and did not show it. */
  readonly unseen: string[] = [];
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Presses Tab until an element of this name has the focus. @throws with the names of those that were passed. */
  async reach(name: string | RegExp): Promise<void> {
    const passed: string[] = [];
    for (let step = 0; step < mostSteps; step += 1) {
      await this.#page.keyboard.press("Tab");
      const focused = await this.focused();
      if (focused === undefined) continue;
      if (!focused.isSeen) this.unseen.push(focused.name);
      if (typeof name === "string" ? focused.name === name : name.test(focused.name)) return;
      passed.push(focused.name);
    }
    throw new Error(`Tab leads to nothing called ${String(name)}: ${passed.join(" | ")}`);
  }

  /** Reaches an element, and presses Enter on it. */
  async choose(name: string | RegExp): Promise<void> {
    await this.reach(name);
    await this.#page.keyboard.press("Enter");
  }

  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#page.keyboard.press(key);
  }

  /** @returns undefined where nothing of the page has the focus. */
  focused(): Promise<Focused | undefined> {
    return this.#page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement) || element === document.body) return undefined;
      const labels =
        element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? element.labels : null;
      const name = element.getAttribute("aria-label") ?? labels?.[0]?.textContent ?? element.textContent;
      // A choice whose own box is not drawn shows the focus on the card beside it.
      const shown = [element, element.nextElementSibling].filter((one) => one instanceof HTMLElement);
      // A view that was just opened has the focus, and is all that is seen.
      const isSeen =
        element.tabIndex < 0 ||
        shown.some((one) => {
          const { outlineStyle, outlineWidth, boxShadow, visibility } = getComputedStyle(one);
          const isRinged = outlineStyle !== "none" && Number.parseFloat(outlineWidth) > 0;
          return visibility === "visible" && (isRinged || boxShadow !== "none");
        });
      return { name: name.trim().replaceAll(/\s+/g, " "), isSeen };
    });
  }
}
