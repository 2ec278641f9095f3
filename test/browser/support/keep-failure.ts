/**
 * What a page showed and said when a test failed: a picture, its console, its tree, and a trace of all that was done (each action
 * with the page before and after it, requests, a film of the page), in a folder that the log names. `npx playwright-core
 * show-trace FILE` opens a trace.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";

const folder = join(".wrangler", "browser-failures");
const maxLines = 1_000;
/** A page that hangs is not waited for. */
const timeoutMs = 5_000;

export class WatchedPages {
  readonly #contexts: BrowserContext[] = [];
  readonly #pages: { readonly page: Page; readonly log: string[] }[] = [];

  /** Notes what its pages say, and what is done with them, from now on. */
  async watch(context: BrowserContext): Promise<void> {
    this.#contexts.push(context);
    await context.tracing.start({ screenshots: true, snapshots: true });
    context.on("page", (page) => {
      const log: string[] = [];
      const note = (line: string): void => {
        if (log.push(`${new Date().toISOString()} ${line}`) > maxLines) log.shift();
      };
      page.on("console", (message) => note(`${message.type()}: ${message.text()}`));
      page.on("pageerror", (error) => note(`uncaught: ${error.stack ?? error.message}`));
      page.on("requestfailed", (request) => note(`failed: ${request.method()} ${request.url()}`));
      page.on("crash", () => note("the page crashed"));
      this.#pages.push({ page, log });
    });
  }

  /** @param test its title. @returns where it lies. */
  async keep(test: string): Promise<string> {
    const place = join(folder, test.replaceAll(/[^\w]+/g, "-").slice(0, 100));
    await mkdir(place, { recursive: true });
    for (const [i, { page, log }] of this.#pages.entries()) {
      const file = (name: string): string => join(place, `${i + 1}-${name}`);
      await writeFile(file("console.log"), `${page.url()}\n${log.join("\n")}\n`);
      try {
        await page.screenshot({ path: file("page.png"), timeout: timeoutMs });
        await writeFile(file("page.html"), await page.content());
      } catch (cause) {
        await writeFile(file("page.txt"), `The page could not be looked at: ${String(cause)}\n`);
      }
    }
    for (const [i, context] of this.#contexts.entries())
      try {
        await context.tracing.stop({ path: join(place, `${i + 1}-trace.zip`) });
      } catch (cause) {
        await writeFile(join(place, `${i + 1}-trace.txt`), `There is no trace: ${String(cause)}\n`);
      }
    console.error(`What the pages showed is in ${place}`);
    return place;
  }

  forget(): void {
    this.#contexts.splice(0);
    this.#pages.splice(0);
  }
}
