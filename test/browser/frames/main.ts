/**
 * `npm run frames`: how soon the console can be used, and how smoothly it scrolls the transcript of a working day (8 hours, 5,000
 * turns, 10,000 captions), as the share of frames that were missed and what the page's own thread does for a frame of 16.7 ms. The
 * share is a measure of this machine: without a graphics card all is drawn by its processor, which a plain box shows beside it; the
 * thread's time is the console's own.
 */
import { randomUUID } from "node:crypto";
import type { Browser, CDPSession, Page } from "playwright-core";
import { createResultsClient } from "../../../client/index.ts";
import { defineCommand } from "../../../scripts/cli/define-command.ts";
import { readOptions } from "../../../scripts/cli/run-command.ts";
import { GatewayProcess } from "../../../scripts/local/gateway-process.ts";
import { findChromium } from "../support/chromium.ts";
import { launchBrowser } from "../support/launch-browser.ts";
import { dayUtterances, streamOfADay } from "../support/long-day.ts";

const firstLoads = 5;
const scrollMs = 6_000;
/** From a slow read to a flick of the wheel. */
const pxPerSecond = [600, 3_000, 12_000] as const;
const scrollBox = ".transcript .virtual";
/** As many lines as are in the page at once, and nothing that runs: what this machine can draw at all. */
const plainLines = 60;

interface Frames {
  readonly drawn: number;
  readonly missed: number;
  readonly longestMs: number;
  /** Scripts, styles and layout of the page's main thread for a frame drawn, on average. */
  readonly workMs: number;
}

readOptions(
  defineCommand({
    name: "npm run frames --",
    description: "How soon the console can be used, and how smoothly it scrolls a long transcript.",
  }),
);

const found = await findChromium();
if ("missing" in found) throw new Error(found.missing);
const gateway = new GatewayProcess();
let browser: Browser | undefined;
try {
  await gateway.start();
  browser = await launchBrowser(found);
  await reportFirstLoad(browser, gateway.url);
  const session_id = `frames-${randomUUID()}`;
  await createResultsClient({ baseUrl: gateway.url }).createSession({ session_id, title: "A long day" });
  const page = await browser.newPage({ viewport: { width: 1_600, height: 900 } });
  // Told once: a client that comes back has read it.
  let body = streamOfADay();
  await page.route(`**/v1/sessions/${session_id}/events*`, async (route) => {
    const told = body;
    body = ": nothing new\n\n";
    await route.fulfill({ contentType: "text/event-stream", body: told });
  });
  await page.goto(`${gateway.url}/#/m/${session_id}`);
  await page.getByText(`Line ${dayUtterances}.`).waitFor();
  for (const speed of pxPerSecond) report("the transcript", speed, await scroll(page, speed, scrollBox));
  await page.goto("about:blank");
  await page.setContent(plainPage());
  for (const speed of pxPerSecond) report("a plain box", speed, await scroll(page, speed, "div"));
} finally {
  await browser?.close();
  await gateway.dispose();
}

/** From the first request of a browser that has nothing of the console yet to a button that can be pressed. */
async function reportFirstLoad(from: Browser, url: string): Promise<void> {
  const took: number[] = [];
  for (let i = 0; i < firstLoads; i += 1) {
    const context = await from.newContext();
    const page = await context.newPage();
    await page.goto(url, { waitUntil: "commit" });
    await page.getByRole("button", { name: /Try the sample/ }).click({ trial: true });
    took.push(await page.evaluate(() => performance.now()));
    await context.close();
  }
  const sorted = took.toSorted((a, b) => a - b).map(Math.round);
  console.log(`the console can be used ${sorted[firstLoads >> 1]} ms after it was asked for (${sorted.join(", ")})`);
}

function report(what: string, speed: number, { drawn, missed, longestMs, workMs }: Frames): void {
  const share = ((missed / Math.max(1, drawn + missed)) * 100).toFixed(1);
  const frames = `${share} % of the frames missed, the longest ${longestMs.toFixed(0)} ms`;
  console.log(`${what} at ${speed} px/s: ${workMs.toFixed(1)} ms of the main thread a frame; ${frames}`);
}

/** What the page's main thread has worked so far: scripts, styles and layout, ms. */
async function workedMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  const parts = new Set(["ScriptDuration", "RecalcStyleDuration", "LayoutDuration"]);
  return metrics.reduce((sum, { name, value }) => (parts.has(name) ? sum + value * 1_000 : sum), 0);
}

function plainPage(): string {
  const line = `<p>${"And so it went on. ".repeat(3)}</p>`;
  return `<div style="height:560px;width:480px;overflow:auto"><p style="height:500000px">${line.repeat(plainLines)}</p></div>`;
}

/** Scrolls down from a place in the middle, by the clock: a frame that is late moves further. */
async function scroll(page: Page, speed: number, boxSelector: string): Promise<Frames> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const before = await workedMs(session);
  const frames = await scrolled(page, speed, boxSelector);
  const workMs = ((await workedMs(session)) - before) / Math.max(1, frames.drawn);
  await session.detach();
  return { ...frames, workMs };
}

function scrolled(page: Page, speed: number, boxSelector: string): Promise<Omit<Frames, "workMs">> {
  return page.evaluate(
    ([selector, perSecond, forMs]) =>
      new Promise<Omit<Frames, "workMs">>((resolve, reject) => {
        const box = document.querySelector(selector);
        if (!box) return reject(new Error("there is no transcript"));
        const frameMs = 1_000 / 60;
        const from = box.scrollHeight / 3;
        let [drawn, missed, longestMs] = [0, 0, 0];
        let [began, before] = [0, 0];
        const step = (now: number): void => {
          if (began === 0) began = now;
          else {
            drawn += 1;
            missed += Math.max(0, Math.round((now - before) / frameMs) - 1);
            longestMs = Math.max(longestMs, now - before);
          }
          before = now;
          if (now - began >= forMs) return resolve({ drawn, missed, longestMs });
          box.scrollTop = from + ((now - began) / 1_000) * perSecond;
          requestAnimationFrame(step);
        };
        requestAnimationFrame(step);
      }),
    [boxSelector, speed, scrollMs] as const,
  );
}
