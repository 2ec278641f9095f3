/** "Talk to an AI", with the console of a gateway as it is started first: a person's voice in, a conversation and a meeting out. */
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type SessionState, sessionStateSchema } from "../../../schemas/http/sessions.ts";
import { until } from "../../../client/testkit/until.ts";
import { SpeechClient } from "../../support/speech-client.ts";
import { send } from "../../support/gateway-http.ts";
import { lostSeconds } from "../../support/lost-seconds.ts";
import { type FakeMicrophone, fakeMicrophone } from "../support/fake-microphone.ts";
import { launchBrowser } from "../support/launch-browser.ts";
import { GatewayProcess } from "../../../scripts/local/gateway-process.ts";

const chromium = inject("chromium");
const timeoutMs = 240_000;
const rateHz = 16_000;
/** Long enough for a question, so that most answers interrupt nobody. */
const pauseSeconds = 9;
const gateway = new GatewayProcess({ env: { CAPTIONS: "off" } });
let microphone: FakeMicrophone | undefined;

beforeAll(async () => {
  if (!chromium) return;
  await gateway.start();
  const wav = await new SpeechClient(gateway.url).say("We build streaming systems for meetings.");
  const answer = new Int16Array(wav.slice(44).buffer);
  const turn = answer.length + pauseSeconds * rateHz;
  const all = new Int16Array(14 * turn);
  for (let n = 0; n < 14; n += 1) all.set(answer, n * turn + pauseSeconds * rateHz);
  microphone = fakeMicrophone(all);
}, timeoutMs);
afterAll(async () => {
  microphone?.dispose();
  await gateway.dispose();
});

describe.runIf(chromium !== null)("talking to an AI", () => {
  test(
    "[Y11] asks its questions by voice, hears the answers, thanks and leaves; both sides are shown and kept",
    async () => {
      if (!chromium) throw new Error("there is no browser here");
      const browser = await launchBrowser(chromium, microphone?.args ?? []);
      try {
        const page = await browser.newPage();
        const errors: string[] = [];
        page.on("pageerror", (error) => errors.push(error.message));
        await page.goto(`${gateway.url}/#/talk`);
        await page.getByLabel(/^Questions/).fill("What do you build?\nWho uses it?");
        await page.getByRole("button", { name: "Start talking" }).click();
        await page.getByText("Open the meeting it is kept as").waitFor({
          timeout: timeoutMs - 60_000,
        });
        const lines = await page.locator(".talk-line").allTextContents();
        expect(lines[0]).toMatch(/^AI .*What do you build\?$/);
        expect(lines.some((line) => /^You .*streaming/i.test(line))).toBe(true);
        expect(lines.at(-1)).toMatch(/^AI Thank you/);
        expect(errors).toEqual([]);
        const href = await page.getByText("Open the meeting it is kept as").getAttribute("href");
        const session = href?.replace("#/m/", "") ?? "";
        const stateOf = async (): Promise<SessionState> =>
          sessionStateSchema.parse(JSON.parse((await send(gateway, `/v1/sessions/${session}/state`)).text));
        const isKept = async (): Promise<true | undefined> => {
          const state = await stateOf();
          return (lostSeconds(state, "ai") === 0 && lostSeconds(state, "mic") !== undefined) || undefined;
        };
        await until(isKept, { what: "both tracks" });
        // Who is kept waiting by a busy machine says where nothing was heard; no second is lost.
        const causes = (await stateOf()).gaps?.map(({ cause }) => cause) ?? [];
        expect(causes.filter((cause) => cause !== "capture_stall")).toEqual([]);
      } finally {
        await browser.close();
      }
    },
    timeoutMs,
  );
});
