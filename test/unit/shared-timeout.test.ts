/** Waits that share a timer: each gets its own outcome, and no timer outlives the last of them. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SharedTimeout, TimeoutError } from "../../schemas/lib/timeout.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = (): Promise<never> => new Promise(() => undefined);

test("what settles in time is handed on, and leaves no timer", async () => {
  const timeout = new SharedTimeout(1_000, "the work");
  expect(await timeout.wait(Promise.resolve(7))).toBe(7);
  await expect(timeout.wait(Promise.reject(new RangeError("no")))).rejects.toThrow(RangeError);
  expect(vi.getTimerCount()).toBe(0);
});

test("many waits have one timer, and none of them ends before its time or after twice that", async () => {
  const timeout = new SharedTimeout(1_000, "the work");
  const ended: string[] = [];
  const wait = async (name: string): Promise<void> => {
    try {
      await timeout.wait(never());
    } catch (cause) {
      ended.push(cause instanceof TimeoutError ? name : String(cause));
    }
  };
  const first = wait("first");
  await vi.advanceTimersByTimeAsync(999);
  const second = wait("second");
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  await first;
  expect(ended).toEqual(["first"]);
  await vi.advanceTimersByTimeAsync(998);
  expect(ended).toEqual(["first"]);
  await vi.advanceTimersByTimeAsync(2);
  await second;
  expect(ended).toEqual(["first", "second"]);
  expect(vi.getTimerCount()).toBe(0);
});
