/** The console of a gateway, in a real Chromium; what its console and its requests must not have is noted. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";
import { WatchedPages } from "./keep-failure.ts";
import { launchBrowser } from "./launch-browser.ts";
import { GatewayProcess } from "../../../scripts/local/gateway-process.ts";
import { sharedGateway, startShared } from "../../support/use-gateway.ts";

const found = inject("chromium");

export interface OpenConsole {
  readonly page: Page;
  /** Errors of the console, violations of the policy among them, and of the page. */
  readonly errors: string[];
  /** Requests to other servers. */
  readonly outside: string[];
}

export interface ConsoleOptions {
  /** Variables of a gateway of the file's own. Without them it is one that other files use too, before or after. */
  readonly env?: Readonly<Record<string, string>>;
  /** For the browser; asked when it is launched. */
  readonly args?: readonly string[] | (() => readonly string[]);
}

export interface OpenOptions {
  readonly context?: Parameters<Browser["newContext"]>[0];
  /** Where the page comes from: the gateway, or a proxy before it. */
  readonly baseUrl?: string;
}

/** @returns what opens the console at an address of it, `#/settings` say. */
export function useConsole({ env, args = [] }: ConsoleOptions = {}): {
  readonly gateway: GatewayProcess;
  readonly open: (address?: string, options?: OpenOptions) => Promise<OpenConsole>;
} {
  const shared = env ? undefined : sharedGateway();
  const gateway = shared ?? new GatewayProcess(env ? { env } : {});
  const contexts: BrowserContext[] = [];
  const watched = new WatchedPages();
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (!found) return;
    await (shared ? startShared(shared) : gateway.start());
    browser = await launchBrowser(found, typeof args === "function" ? args() : args);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await watched.keep(task.name);
    watched.forget();
    for (const context of contexts.splice(0)) await context.close();
  });
  afterAll(async () => {
    await browser?.close();
    if (!shared) await gateway.dispose();
  });
  return {
    gateway,
    async open(address = "", { context: given = {}, baseUrl = gateway.url } = {}) {
      if (!browser) throw new Error("there is no browser here");
      const context = await browser.newContext({ reducedMotion: "reduce", ...given });
      contexts.push(context);
      await watched.watch(context);
      const page = await context.newPage();
      const opened: OpenConsole = { page, errors: [], outside: [] };
      page.on("pageerror", (error) => opened.errors.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") opened.errors.push(message.text());
      });
      page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(baseUrl) && !/^(data|blob):/.test(url)) opened.outside.push(url);
      });
      await page.goto(`${baseUrl}/${address}`);
      return opened;
    },
  };
}

export function expectClean({ errors, outside }: OpenConsole): void {
  expect({ errors, outside }).toEqual({ errors: [], outside: [] });
}

/** For what a page shows in its own time: on a busy machine that is later. */
export const patiently = { timeout: 20_000 } as const;
