/** All of the console without a pointer: every step of a meeting is reached with Tab, the focus is seen, and comes back from a dialog. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { fakeMicrophone } from "../support/fake-microphone.ts";
import { Keyboard } from "../support/keyboard.ts";
import { noiseOf } from "../support/known-noise.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { expectClean, patiently, useConsole } from "../support/use-console.ts";

const { open } = useConsole({ env: {}, args: fakeMicrophone(noiseOf(60)).args });
/** The sample is played for 24 s. */
const sampleMs = 60_000;

const lanes = (page: Page) => (): Promise<string[]> => page.locator(".lanes .lane-name").allTextContents();

async function expectFocus(keyboard: Keyboard, name: string): Promise<void> {
  await expect.poll(async () => (await keyboard.focused())?.name, patiently).toBe(name);
}

test.skipIf(isWithoutBrowser)(
  "by keyboard alone the sample is begun, a speaker is named, a line is heard, files are made, and the meeting is deleted",
  async () => {
    const opened = await open();
    const { page } = opened;
    const keyboard = new Keyboard(page);
    await page.getByText("Nothing here yet.").waitFor();
    await keyboard.choose(/^Try the sample/);
    await page.locator(".pill.is-finalized").waitFor({ timeout: sampleMs });
    await expect.poll(lanes(page), patiently).toEqual(["Alice", "Bob", "Callum"]);

    await keyboard.choose("Callum");
    await page.getByRole("dialog", { name: "Callum" }).waitFor();
    await keyboard.reach("Name");
    await keyboard.press("Control+a");
    await page.keyboard.type("Calum");
    await keyboard.press("Enter");
    await expect.poll(lanes(page), patiently).toEqual(["Alice", "Bob", "Calum"]);
    await expectFocus(keyboard, "Calum");

    await keyboard.choose("Not Bob?");
    await page.getByRole("dialog").waitFor();
    await keyboard.press("Escape");
    await expectFocus(keyboard, "Not Bob?");

    await keyboard.choose(/^Play from/);
    await keyboard.choose("Pause");
    await keyboard.reach("Place in the meeting");
    await keyboard.press("Home");
    expect(await page.getByRole("slider", { name: "Place in the meeting" }).inputValue()).toBe("0");

    await keyboard.choose("Export");
    await expect.poll(async () => (await keyboard.focused())?.name, patiently).not.toBe("Export");
    await keyboard.press("End", "ArrowUp", "Escape");
    await expectFocus(keyboard, "Export");
    for (const [name, title] of [
      ["Share", "Share this meeting"],
      ["Who decided what", "Who decided what"],
      ["Transcribe again…", "Transcribe again with"],
    ] as const) {
      await keyboard.choose(name);
      await page.getByRole("dialog", { name: title }).waitFor();
      await keyboard.press("Escape");
      await expectFocus(keyboard, name);
    }

    await keyboard.choose("Delete");
    await keyboard.choose("Delete for good");
    await page.getByRole("dialog", { name: "Deleted" }).waitFor();
    await keyboard.choose("Close");
    await page.getByText("Nothing here yet.").waitFor();
    expect(keyboard.unseen).toEqual([]);
    expectClean(opened);
  },
  180_000,
);

test.skipIf(isWithoutBrowser)(
  "by keyboard alone a microphone is recorded, the recording is ended, and the colours are changed",
  async () => {
    const opened = await open("#/settings");
    const { page } = opened;
    const keyboard = new Keyboard(page);
    await keyboard.choose("Skip to content");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("content");
    await keyboard.choose("Record");
    await keyboard.choose("Start recording");
    await page.getByText(/[1-9] s kept/).waitFor();
    await keyboard.choose(/^(Light|Dark) colours$/);
    await keyboard.choose("Stop");
    await page.locator(".pill.is-finalized").waitFor({ timeout: sampleMs });
    await keyboard.choose("Roomtone, to the meetings");
    await page.locator(".meeting-row").first().waitFor();
    expect(keyboard.unseen).toEqual([]);
    expectClean(opened);
  },
  120_000,
);
