import { type Browser, chromium } from "playwright-core";

/** Where a Chromium is, and what its process needs around it. */
export interface FoundChromium {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A Chromium without a window, of one's own. @param args for it, besides those that it needs where tests run. */
export function launchBrowser({ path, env }: FoundChromium, args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    env: { ...process.env, ...env },
    args: ["--no-sandbox", "--disable-gpu", ...args],
  });
}
