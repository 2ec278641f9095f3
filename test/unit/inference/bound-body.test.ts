/** How long a sender of the inference service may take, on a clock of the test's. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bodyTimes, boundBody } from "../../../server/inference/http/bound-body.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function requestOf(path: string) {
  const destroy = vi.fn<() => void>();
  const setTimeout = vi.fn<(ms: number, then?: () => void) => void>();
  const request = { url: path, complete: false, destroy, setTimeout };
  return { request, destroy, setTimeout, stop: boundBody(request, new Set(["/speaker/review"])) };
}

test.for([
  ["/v1/audio/transcriptions", bodyTimes.shortMs],
  // However steadily it comes, a byte at a time.
  ["/speaker/review?of=a", bodyTimes.longMs],
] as const)("a body of %s that never ends is given up after %i ms", ([path, ms]) => {
  const { destroy } = requestOf(path);
  vi.advanceTimersByTime(ms - 1);
  expect(destroy).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(destroy).toHaveBeenCalledOnce();
});

test.for(["/speaker/review", "/speaker/resolve"])(
  "a body of %s that is there is left alone, however long the answer",
  (path) => {
    const { request, destroy } = requestOf(path);
    request.complete = true;
    vi.advanceTimersByTime(2 * bodyTimes.longMs);
    expect(destroy).not.toHaveBeenCalled();
  },
);

test("a long body that stands still is given up sooner, and nothing is watched once it is answered", () => {
  const { setTimeout, destroy, stop } = requestOf("/speaker/review");
  expect(setTimeout).toHaveBeenCalledExactlyOnceWith(bodyTimes.idleMs, expect.any(Function));
  stop();
  expect(setTimeout).toHaveBeenLastCalledWith(0);
  vi.advanceTimersByTime(2 * bodyTimes.longMs);
  expect(destroy).not.toHaveBeenCalled();
});
