import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WaitNotice } from "../../client/cli/wait-notice.ts";

let said: string[] = [];
const words = {
  waiting: (forS: number, reason: string) => `${forS} ${reason}`,
  over: (afterS: number) => `over after ${afterS}`,
};
const newNotice = (): WaitNotice => new WaitNotice(words, (line) => said.push(line));

beforeEach(() => {
  said = [];
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test("[V1] a wait is told after 5 s, after 30 s and every 5 minutes, with the newest reason, and once when it is over", () => {
  const notice = newNotice();
  notice.begin("a");
  vi.advanceTimersByTime(4_000);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(1_000);
  notice.begin("b");
  vi.advanceTimersByTime(20 * 60_000);
  expect(said).toEqual(["5 a", "30 b", "300 b", "600 b", "900 b", "1200 b"]);
  notice.end();
  vi.advanceTimersByTime(60 * 60_000);
  expect(said.slice(6)).toEqual(["over after 1205"]);
});

test("[V1] a short wait is no noise, and the next one begins anew", () => {
  const notice = newNotice();
  for (let i = 0; i < 10; i += 1) {
    notice.begin("a");
    vi.advanceTimersByTime(4_999);
    notice.end();
  }
  expect(said).toEqual([]);
  notice.begin("b");
  vi.advanceTimersByTime(5_000);
  expect(said).toEqual(["5 b"]);
  notice.stop();
  vi.advanceTimersByTime(60 * 60_000);
  expect(said).toEqual(["5 b"]);
});
