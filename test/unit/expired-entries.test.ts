/** What has expired in the local cache goes, whether or not somebody asks for it again. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sweepEveryMs, sweepExpired } from "../../scripts/local/expired-entries.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("[L19] the cache is swept at the start and now and then, also after a sweep that failed, until the end", async () => {
  let asked = 0;
  const failures: unknown[] = [];
  const list = async (): Promise<unknown> => {
    asked += 1;
    if (asked === 2) throw new Error("busy");
    return { keys: [] };
  };
  const miniflare = { getKVNamespace: async () => ({ list }) } as unknown as Parameters<typeof sweepExpired>[0];
  const end = sweepExpired(miniflare, (cause) => failures.push(cause));
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toBe(1);
  await vi.advanceTimersByTimeAsync(2 * sweepEveryMs);
  expect([asked, failures.length]).toEqual([3, 1]);
  end();
  await vi.advanceTimersByTimeAsync(2 * sweepEveryMs);
  expect(asked).toBe(3);
});

test("[L19] a sweep that is cut off by the end of the runtime is no failure", async () => {
  const failures: unknown[] = [];
  const cut = Promise.withResolvers<unknown>();
  const list = (): Promise<unknown> => cut.promise;
  const miniflare = { getKVNamespace: async () => ({ list }) } as unknown as Parameters<typeof sweepExpired>[0];
  const end = sweepExpired(miniflare, (cause) => failures.push(cause));
  await vi.advanceTimersByTimeAsync(0);
  end();
  cut.reject(new TypeError("fetch failed"));
  await vi.advanceTimersByTimeAsync(0);
  expect(failures).toEqual([]);
});
