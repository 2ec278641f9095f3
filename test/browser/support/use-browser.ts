/** Browsers with profiles of their own, and tabs in them that hold the library. */
import { createServer, type Server } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, inject } from "vitest";
import type { CaptureEvents } from "../../../client/index.ts";
import { WatchedPages } from "./keep-failure.ts";
import { until } from "../../../client/testkit/until.ts";
import type { Commands } from "../page/page.ts";

const pageScript = fileURLToPath(new URL("../page/page.ts", import.meta.url));
const quiet = ["gpu", "quic", "background-networking", "component-update", "sync"].map((what) => `--disable-${what}`);
const found = inject("chromium");

/** Whether there is no browser here: what `test.skipIf` asks. */
export const isWithoutBrowser = found === null;

export class Tab {
  readonly page: Page;
  /** The last second of the source that `write` took. */
  written = 0;

  private constructor(page: Page) {
    this.page = page;
  }

  static async open(context: BrowserContext, url: string): Promise<Tab> {
    const tab = new Tab(await context.newPage());
    await tab.page.exposeFunction("tellWritten", (second: number) => {
      tab.written = second;
    });
    await tab.page.goto(url);
    return tab;
  }

  /** Runs a command in the page. What it rejects with has the page's own message. */
  async call<K extends keyof Commands>(
    name: K,
    ...args: Parameters<Commands[K]>
  ): Promise<Awaited<ReturnType<Commands[K]>>> {
    const asked: { command: keyof Commands; given: unknown[] } = { command: name, given: args };
    const run = ({ command, given }: typeof asked): unknown =>
      (globalThis.commands[command] as (...all: unknown[]) => unknown)(...given);
    return (await this.page.evaluate(run, asked)) as Awaited<ReturnType<Commands[K]>>;
  }

  async heard<K extends keyof CaptureEvents>(type: K): Promise<CaptureEvents[K][]> {
    const all = await this.call("heard");
    return all.filter((event) => event.type === type) as unknown as CaptureEvents[K][];
  }

  /** Waits for `count` events of a type. @returns the last of them. */
  async next<K extends keyof CaptureEvents>(type: K, count = 1): Promise<CaptureEvents[K]> {
    let last: unknown;
    const look = async (): Promise<CaptureEvents[K] | undefined> => {
      const events = await this.heard(type);
      last = events.at(-1);
      return events[count - 1];
    };
    return until(look, { what: () => `${count} × ${type}; the last was ${JSON.stringify(last)}`, timeoutMs: 15_000 });
  }

  /** Ends the renderer process, as a crash does. */
  async crash(): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    const crashed = new Promise((resolve) => this.page.once("crash", resolve));
    // It can't answer any more.
    void session.send("Page.crash").catch(() => undefined);
    await crashed;
  }

  /** Waits until this many seconds are not kept. */
  async lags(seconds: number): Promise<void> {
    const look = async (): Promise<true | undefined> => (await this.call("lag")) === seconds || undefined;
    await until(look, { what: `a lag of ${seconds} s` });
  }
}

export class TestBrowser {
  readonly context: BrowserContext;
  readonly #url: string;

  constructor(context: BrowserContext, url: string) {
    this.context = context;
    this.#url = url;
  }

  /** @param host that the page is asked of. */
  newTab(host = "127.0.0.1"): Promise<Tab> {
    return Tab.open(this.context, this.#url.replace("127.0.0.1", host));
  }

  /** `kill -9` of the browser's main process, which takes all others along. */
  async kill9(): Promise<void> {
    const session = await this.context.browser()?.newBrowserCDPSession();
    const info = await session?.send("SystemInfo.getProcessInfo");
    const main = info?.processInfo.find(({ type }) => type === "browser");
    if (!main) throw new Error("the browser did not tell its process");
    const closed = new Promise((resolve) => this.context.once("close", resolve));
    process.kill(main.id, "SIGKILL");
    await closed;
  }
}

export interface Browsers {
  /** A folder for a profile, which may outlive a browser. */
  newProfile(): string;
  /** @param args for the browser. */
  launch(options?: { profile?: string; args?: readonly string[] }): Promise<TestBrowser>;
}

/** A page server for a test file, and browsers that end with their test. */
export function useBrowser(): Browsers {
  let server: Server | undefined;
  let url = "";
  const closers: (() => unknown)[] = [];
  const watched = new WatchedPages();

  beforeAll(async () => {
    if (isWithoutBrowser) return;
    const { outputFiles } = await build({ entryPoints: [pageScript], bundle: true, format: "esm", write: false });
    const script = outputFiles[0]?.text ?? "";
    server = createServer((request, response) => {
      const isScript = request.url === "/page.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      response.end(isScript ? script : `<!doctype html><script type="module" src="/page.js"></script>`);
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await watched.keep(task.name);
    watched.forget();
    for (const close of closers.splice(0).toReversed()) await close();
  });
  afterAll(() => {
    server?.close();
    server?.closeAllConnections();
  });

  const newProfile = (): string => {
    const profile = mkdtempSync(join(tmpdir(), "roomtone-profile-"));
    closers.push(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
    return profile;
  };
  return {
    newProfile,
    async launch({ profile = newProfile(), args = [] } = {}) {
      if (!found) throw new Error("there is no browser here");
      const context = await chromium.launchPersistentContext(profile, {
        executablePath: found.path,
        env: { ...process.env, ...found.env },
        args: ["--no-sandbox", "--no-first-run", ...quiet, ...args],
      });
      closers.push(() => context.close());
      await watched.watch(context);
      return new TestBrowser(context, url);
    },
  };
}
