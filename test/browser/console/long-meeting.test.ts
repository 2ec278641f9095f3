/** A working day of talk in the console: only what is seen is in the page, and the first and the last line are a key away. */
import { expect, test } from "vitest";
import { createResultsClient, type RoomEvent } from "../../../client/index.ts";
import { newSession } from "../../support/gateway-http.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { expectClean, patiently, useConsole } from "../support/use-console.ts";

const { gateway, open } = useConsole();
const turns = 5_000;
const utterances = 10_000;
const seconds = 8 * 3_600;
const voices = 12;

/** The log of such a meeting: a voice after the other, two captions a turn. */
function* eventsOfADay(): Generator<RoomEvent> {
  let event_id = 0;
  const at = new Date(0).toISOString();
  const turnMs = Math.floor((seconds * 1_000) / turns);
  for (let turn = 0; turn < turns; turn += 1) {
    const start_ms = turn * turnMs;
    const end_ms = start_ms + turnMs - 900;
    const place = { track: "mixed", from_seq: Math.floor(start_ms / 1_000) + 1, to_seq: Math.ceil(end_ms / 1_000) };
    event_id += 1;
    const resolved = { type: "speaker.resolved", cluster_id: `c${(turn * 7) % voices}`, decision: "auto" } as const;
    yield { event_id, at, ...resolved, ...place, start_ms, end_ms, speaker_name: null, by: "inference" };
    for (let half = 0; half < utterances / turns; half += 1) {
      event_id += 1;
      const id = (turn * utterances) / turns + half + 1;
      const utterance = {
        utterance_id: `u-${id}`,
        track: "mixed",
        start_ms: start_ms + half * 2_000,
        end_ms: start_ms + half * 2_000 + 1_900,
        text: `Line ${id}. ${"And so it went on. ".repeat(1 + (id % 5))}`,
        revision: 1,
      };
      yield { event_id, at, type: "utterance.added", track: "mixed", utterance, by: "room" };
    }
  }
}

test.skipIf(isWithoutBrowser)(
  "8 hours, 5,000 turns and 10,000 captions: read from end to end",
  async () => {
    const session = newSession();
    await createResultsClient({ baseUrl: gateway.url }).createSession({ session_id: session, title: "A long day" });
    const opened = await open("#/settings");
    const { page } = opened;
    const lines = [...eventsOfADay()].map((event) => `id: ${event.event_id}\ndata: ${JSON.stringify(event)}\n\n`);
    await page.route(`**/v1/sessions/${session}/events*`, (route) =>
      route.fulfill({ contentType: "text/event-stream", body: lines.join("") }),
    );
    await page.goto(`${gateway.url}/#/m/${session}`);
    const box = page.getByRole("region", { name: "Transcript" });
    await box.getByText(`Line ${utterances}.`).waitFor();
    const rows = box.locator("[data-row]");
    expect(await rows.count(), "rows in the page").toBeLessThan(80);
    expect(await page.locator(".lane").count()).toBeGreaterThanOrEqual(voices);

    await box.focus();
    await page.keyboard.press("Home");
    await box.getByText("Line 1.", { exact: false }).first().waitFor();
    for (const share of [0.25, 0.5, 0.75]) {
      await box.evaluate((element, at) => (element.scrollTop = element.scrollHeight * at), share);
      const shown = async (): Promise<number> =>
        Number(/Line (\d+)/.exec((await rows.first().textContent()) ?? "")?.[1]);
      await expect.poll(shown, patiently).toBeGreaterThan((share - 0.1) * utterances);
      expect(await shown()).toBeLessThan((share + 0.1) * utterances);
      expect(await rows.count(), "rows in the page").toBeLessThan(80);
    }
    expectClean(opened);
  },
  120_000,
);
