/** What is missing of a meeting is seen: each gap on the strips and in the list, with its cause, while it goes on and afterwards. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { createResultsClient, startCapture } from "../../../client/index.ts";
import { expectAccessible } from "../support/accessible.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { expectClean, patiently, useConsole } from "../support/use-console.ts";

const { gateway, open } = useConsole();
const sampleRate = 16_000;

interface Mark {
  readonly cause: string | null;
  readonly title: string | null;
  /** Share of its strip, in whole percent. */
  readonly from: number;
  readonly wide: number;
}

/** The marks on the strips of the tracks. */
function marksOf(page: Page): Promise<Mark[]> {
  return page.locator(".track-strip .gap-mark").evaluateAll((marks) =>
    marks.map((mark) => {
      const [own, strip] = [mark, mark.parentElement ?? mark].map((element) => element.getBoundingClientRect());
      const share = (px = 0): number => Math.round((px / (strip?.width ?? 1)) * 100);
      const from = share((own?.left ?? 0) - (strip?.left ?? 0));
      return {
        cause: mark.getAttribute("data-cause"),
        title: mark.getAttribute("title"),
        from,
        wide: share(own?.width),
      };
    }),
  );
}

const listed = (page: Page): Promise<string[]> => page.locator(".gaps li").allInnerTexts();

test.skipIf(isWithoutBrowser)(
  "[G2] a stall of the device and seconds that never came are marked where they are, and named",
  async () => {
    const sessionId = `gaps-${crypto.randomUUID()}`;
    const client = createResultsClient({ baseUrl: gateway.url });
    const format = { sampleRate, channels: 1 };
    const capture = await startCapture({ baseUrl: gateway.url, sessionId, track: "mic", format });
    const second = Int16Array.from({ length: sampleRate }, (_, i) => 8_000 * Math.sin(i / 5));
    const write = async (seconds: number): Promise<void> => {
      for (let i = 0; i < seconds; i += 1) await capture.write(second);
    };
    await write(2);
    await capture.skip(3);
    await write(5);

    const opened = await open(`#/m/${sessionId}`);
    const { page } = opened;
    // A meeting that goes on is drawn on a minute at least.
    const stall: Mark = { cause: "capture_stall", title: "0:02–0:05: the device gave nothing", from: 3, wide: 5 };
    await expect.poll(() => marksOf(page), patiently).toEqual([stall]);
    await expect.poll(() => listed(page), patiently).toEqual(["0:02–0:05 the device gave nothing"]);
    await expectAccessible(page);

    await capture.end();
    await client.finalize(sessionId, { expect: { mic: 12 } });
    await page.locator(".pill.is-finalized").waitFor();
    const named = ["0:02–0:05 the device gave nothing", "0:10–0:12 never came"];
    await expect.poll(() => listed(page), patiently).toEqual(named);
    expect((await marksOf(page)).map(({ title, cause }) => [title, cause])).toEqual([
      ["0:02–0:05: the device gave nothing", "capture_stall"],
      ["0:10–0:12: never came", "never_sent"],
    ]);
    expect(await page.locator(".number", { hasText: "Kept" }).textContent()).toContain("5 s missing");
    expectClean(opened);
  },
  120_000,
);
