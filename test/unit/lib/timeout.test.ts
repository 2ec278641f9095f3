import { expect, test, vi } from "vitest";
import { deadlineIn, TimeoutError, withTimeout } from "../../../schemas/lib/timeout.ts";

const never = new Promise<never>(() => {});

test("what settles in time settles so, and leaves no timer", async () => {
  vi.useFakeTimers();
  expect(await withTimeout(Promise.resolve(1), 1_000, "it")).toBe(1);
  await expect(withTimeout(Promise.reject(new Error("broken")), 1_000, "it")).rejects.toThrow("broken");
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("what takes longer rejects with a TimeoutError that names it, or with the error that was asked for", async () => {
  vi.useFakeTimers();
  const waits = Promise.allSettled([
    withTimeout(never, 1_000, "R2 put"),
    withTimeout(never, 1_000, () => new RangeError("too late")),
  ]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await waits).toEqual([
    { status: "rejected", reason: new TimeoutError("R2 put took longer than 1000 ms") },
    { status: "rejected", reason: new RangeError("too late") },
  ]);
  vi.useRealTimers();
});

test("a deadline aborts its signal, unless it is cleared", () => {
  vi.useFakeTimers();
  const [kept, cleared] = [deadlineIn(50), deadlineIn(50)];
  cleared.clear();
  vi.advanceTimersByTime(50);
  expect([kept.signal.aborted, cleared.signal.aborted]).toEqual([true, false]);
  vi.useRealTimers();
});
