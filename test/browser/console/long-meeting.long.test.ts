/** A working day of talk in the console: only what is seen is in the page, and the first and the last line are a key away. */
import { expect, test } from "vitest";
import { createResultsClient } from "../../../client/index.ts";
import { newSession } from "../../support/gateway-http.ts";
import { dayUtterances, dayVoices, streamOfADay } from "../support/long-day.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { expectClean, patiently, useConsole } from "../support/use-console.ts";

const { gateway, open } = useConsole();

test.skipIf(isWithoutBrowser)(
  "8 hours, 5,000 turns and 10,000 captions: read from end to end",
  async () => {
    const session = newSession();
    await createResultsClient({ baseUrl: gateway.url }).createSession({ session_id: session, title: "A long day" });
    const opened = await open("#/settings");
    const { page } = opened;
    const body = streamOfADay();
    // Once: the day is told, and nothing follows.
    let isTold = false;
    await page.route(`**/v1/sessions/${session}/events*`, (route) => {
      if (isTold) return route.fulfill({ status: 204 });
      isTold = true;
      return route.fulfill({ contentType: "text/event-stream", body });
    });
    await page.goto(`${gateway.url}/#/m/${session}`);
    const box = page.getByRole("region", { name: "Transcript" });
    await box.getByText(`Line ${dayUtterances}.`).waitFor({ timeout: 90_000 });
    const rows = box.locator("[data-row]");
    expect(await rows.count(), "rows in the page").toBeLessThan(80);
    expect(await page.locator(".lane").count()).toBeGreaterThanOrEqual(dayVoices);

    await box.focus();
    await page.keyboard.press("Home");
    await box.getByText("Line 1.", { exact: false }).first().waitFor();
    for (const share of [0.25, 0.5, 0.75]) {
      await box.evaluate((element, at) => (element.scrollTop = element.scrollHeight * at), share);
      const shown = async (): Promise<number> =>
        Number(/Line (\d+)/.exec((await rows.first().textContent()) ?? "")?.[1]);
      await expect.poll(shown, patiently).toBeGreaterThan((share - 0.1) * dayUtterances);
      expect(await shown()).toBeLessThan((share + 0.1) * dayUtterances);
      expect(await rows.count(), "rows in the page").toBeLessThan(80);
    }
    expectClean(opened);
  },
  120_000,
);
