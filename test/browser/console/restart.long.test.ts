/** A person watches and records while the gateway is stopped and started: it is said plainly, and heals. */
import { afterAll, expect, test } from "vitest";
import { createResultsClient } from "../../../client/index.ts";
import { FaultProxy } from "../../../client/testkit/fault-proxy.ts";
import { fakeMicrophone } from "../support/fake-microphone.ts";
import { noiseOf } from "../support/known-noise.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { useConsole } from "../support/use-console.ts";

const microphone = fakeMicrophone(noiseOf(60));
const { gateway, open } = useConsole({ env: {}, args: microphone.args });
let proxy: FaultProxy | undefined;
afterAll(async () => {
  microphone.dispose();
  await proxy?.close();
});

test.skipIf(isWithoutBrowser)(
  "the gateway stops and starts under a recording and a watcher: both go on",
  async () => {
    // Started again it has another port; the page's address stays.
    proxy = await FaultProxy.start({ target: gateway.url });
    const { page } = await open("#/record", { baseUrl: proxy.url });
    await page.getByRole("button", { name: "Start recording" }).click();
    await page.getByText(/[2-9] s kept/).waitFor();
    await page.getByRole("link", { name: "See who speaks" }).click();
    await page.getByText(/[2-9] s kept/).waitFor();
    const watcher = await page.context().newPage();
    await watcher.goto(page.url());
    await watcher.locator(".pill.is-open").waitFor();

    await gateway.stop();
    await watcher.getByText("This page has lost the gateway and is trying again. What was kept stays kept.").waitFor();
    await page.getByText(/No connection\. \d+ s waiting, nothing lost\. It goes on by itself\./).waitFor();
    await gateway.start();
    proxy.target = gateway.url;
    await page.getByText("All of it is kept.").waitFor({ timeout: 60_000 });
    await watcher.getByText("This page has lost the gateway").waitFor({ state: "hidden", timeout: 60_000 });

    await page.getByRole("link", { name: "To the recording" }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    for (const tab of [page, watcher]) await tab.locator(".pill.is-finalized").waitFor({ timeout: 60_000 });
    const [sessionId = ""] = /recording-[\w-]+/.exec(page.url()) ?? [];
    expect(await createResultsClient({ baseUrl: gateway.url }).result(sessionId)).toMatchObject({
      coverage: 1,
      gaps: [],
    });
  },
  180_000,
);
