/** Correcting a meeting in the console: what one page says of a speaker the other one shows; files and links leave it. */
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { createResultsClient } from "../../../client/results/results-client.ts";
import { streamTrack } from "../../../client/testkit/track-stream.ts";
import { answerJson, goodAnswer, InferenceServer } from "../../support/inference-server.ts";
import { lowVoice, speak } from "../../support/synthetic-voices.ts";
import { expectAccessible } from "../support/accessible.ts";
import { expectClean, patiently, useConsole } from "../support/use-console.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";

const inference = new InferenceServer();
await inference.start();
afterAll(() => inference.stop());
const { gateway, open } = useConsole({ env: { INFERENCE_BASE_URL: inference.url } });
const speech = new Uint8Array(speak(lowVoice, 8).buffer);

/** Eight seconds, of which the service gives four to `c1` and four to `c2`, and asks whether the latter is Grace. */
async function keepMeeting(): Promise<string> {
  const sessionId = `correct-${crypto.randomUUID()}`;
  inference.behave(sessionId, ({ request }, response) => {
    const isSecond = request.state.clusters.length > 0;
    const answer = goodAnswer(request);
    const [cluster] = answer.updated_state.clusters;
    const cluster_id = isSecond ? "c2" : "c1";
    const own = { ...cluster, centroid: [0.1], sample_count: 1, cluster_id, bound_name: null };
    const updated_state = { ...request.state, clusters: [...request.state.clusters, own], bindings: {} };
    const said = isSecond
      ? { speaker_name: "Grace", decision: "confirm" }
      : { speaker_name: null, decision: "unknown" };
    answerJson(response, { ...answer, ...said, cluster_id, updated_state });
  });
  const client = createResultsClient({ baseUrl: gateway.url });
  const settings = { title: "Correct me", roster: [{ name: "Ada" }, { name: "Grace" }], resolve: { window_chunks: 4 } };
  await client.createSession({ session_id: sessionId, ...settings });
  const stream = { baseWs: new URL(`${gateway.wsUrl}/`), sessionId, track: "mic", encoding: "msgpack" } as const;
  await streamTrack({ ...stream, seconds: 8, second: (seq) => speech.subarray((seq - 1) * 32_000, seq * 32_000) });
  return sessionId;
}

const names = (page: Page) => (): Promise<string[]> => page.locator(".lanes .lane-name").allTextContents();
const nameOf = (page: Page, name: string) => page.locator(".lanes").getByRole("button", { name, exact: true });

test.skipIf(isWithoutBrowser)(
  "a name, a question answered, a turn moved, two speakers joined: every page of the meeting shows it",
  async () => {
    const address = `#/m/${await keepMeeting()}`;
    const [mine, theirs] = [await open(address), await open(address)];
    const { page } = mine;
    await expect.poll(names(page), patiently).toEqual(["Speaker 1", "Speaker 2"]);
    await nameOf(page, "Speaker 1").click();
    await page.getByRole("group", { name: "People of this meeting" }).getByRole("button", { name: "Ada" }).click();
    await expect.poll(names(theirs.page), patiently).toEqual(["Ada", "Speaker 2"]);

    await theirs.page.getByText("Is Speaker 2 Grace?").waitFor();
    await page.getByRole("button", { name: "Yes" }).click();
    await expect.poll(names(theirs.page), patiently).toEqual(["Ada", "Grace"]);
    await theirs.page.getByText("Is Speaker 2 Grace?").waitFor({ state: "detached" });

    await page.locator(".line", { hasText: "Grace" }).hover();
    await page.getByRole("button", { name: "Not Grace?" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Somebody else" }).click();
    await expect.poll(names(theirs.page), patiently).toEqual(["Ada", "Speaker 3"]);

    await nameOf(page, "Speaker 3").click();
    await page.getByLabel("Or the same person as").selectOption({ label: "Ada" });
    await page.getByRole("button", { name: "Join" }).click();
    await expect.poll(names(theirs.page), patiently).toEqual(["Ada"]);

    await theirs.page.getByRole("button", { name: "Who decided what" }).click();
    const history = theirs.page.getByRole("dialog", { name: "Who decided what" });
    const lines = history.locator("li");
    await lines.first().waitFor();
    const words = (await lines.allTextContents()).map((line) => line.replace(/ (just now|\d+ min ago)(Undo)?$/, ""));
    expect(words).toEqual([
      "A person said that a speaker and Ada are one person",
      "A person gave a turn to Ada",
      "A person named a speaker Grace",
      "A person named a speaker Ada",
    ]);
    expectClean(mine);
    expectClean(theirs);
  },
  120_000,
);

test.skipIf(isWithoutBrowser)(
  "two speakers joined by mistake are parted by the keyboard, at once or later, and every page of the meeting shows it",
  async () => {
    const address = `#/m/${await keepMeeting()}`;
    const [mine, theirs] = [await open(address), await open(address)];
    const { page } = mine;
    await expect.poll(names(page), patiently).toEqual(["Speaker 1", "Speaker 2"]);
    await nameOf(page, "Speaker 2").click();
    await page.getByLabel("Or the same person as").selectOption({ label: "Speaker 1" });
    await page.getByRole("button", { name: "Join" }).click();
    await expect.poll(names(theirs.page), patiently).toEqual(["Speaker 1"]);
    await page.getByRole("status").getByRole("button", { name: "Undo" }).press("Enter");
    await expect.poll(names(theirs.page), patiently).toEqual(["Speaker 1", "Speaker 2"]);
    await page.getByRole("status").getByRole("button", { name: "Redo" }).press("Enter");
    await expect.poll(names(theirs.page), patiently).toEqual(["Speaker 1"]);

    await theirs.page.getByRole("button", { name: "Who decided what" }).click();
    const history = theirs.page.getByRole("dialog", { name: "Who decided what" });
    await history.getByRole("button", { name: /are one person/ }).press("Enter");
    await expect.poll(names(page), patiently).toEqual(["Speaker 1", "Speaker 2"]);
    await history.getByText(", undone").last().waitFor();
    await expectAccessible(theirs.page);
    expectClean(mine);
    expectClean(theirs);
  },
  120_000,
);

test.skipIf(isWithoutBrowser)(
  "files of the meeting are downloaded, and its link is copied",
  async () => {
    const sessionId = await keepMeeting();
    const opened = await open(`#/m/${sessionId}`);
    const { page } = opened;
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const take = async (name: string): Promise<Buffer> => {
      await page.getByRole("button", { name: "Export" }).click();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("menuitem", { name }).click(),
      ]);
      return readFile(await download.path());
    };
    await expect.poll(names(page), patiently).toHaveLength(2);
    expect((await take("Speakers, RTTM")).toString()).toContain(`SPEAKER ${sessionId}.mic 1 0.000 4.000`);
    const wav = await take("Audio of mic, WAV");
    expect(wav.subarray(44).equals(speech)).toBe(true);
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByRole("button", { name: "Copy the link" }).click();
    await page.getByText("The link is copied.").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${gateway.url}/#/m/${sessionId}`);
    expectClean(opened);
  },
  120_000,
);
