import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  closeSession,
  confirmSession,
  leaseAudio,
  type RateLimiters,
  rateLimiterName,
  takeRequest,
  takeSessionSlot,
  type TenantQuotas,
} from "../../../server/shared/limits/limiter-access.ts";

const never = (): Promise<never> => new Promise<never>(() => undefined);
const broken = (): Promise<never> => Promise.reject(new Error("broken"));
const quotas = (call: () => Promise<never>): TenantQuotas => ({
  getByName: () => ({
    openSession: call,
    confirmSession: call,
    closeSession: call,
    lease: call,
    bindKey: call,
    freeKey: call,
    usage: call,
  }),
});
const session = { tenant: "acme", sessionId: "s1" };
const lines: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  lines.length = 0;
});

test("[T1] no two callers share a limiter, whatever their names are made of", () => {
  const callers = [
    ["acme", "alice"],
    ["acme", "ALICE"],
    ["acme", ""],
    ["acme", "/alice"],
    ["acme", 'a","b'],
    ["acme", "a"],
    ["acmea", ""],
    ["acme", "\u{d800}"],
    ["acme", "\u{d801}"],
    ["acme", "\u{fffd}"],
    ["acme", "\u00e9"],
    ["acme", "e\u0301"],
    ["acme", "\\ud800"],
    ["acme", "💬".repeat(128)],
    ["other", "alice"],
  ] as const;
  const names = callers.map(([tenant, subject]) => rateLimiterName({ tenant, subject }));
  expect(new Set(names).size).toBe(callers.length);
  expect(names[0]).toMatch(/^acme\/[0-9a-f]{64}$/);
});

test.for([
  ["hangs", never],
  ["fails", broken],
] as const)("[L6] a limiter that %s lets the request go on, and is logged without its subject", async ([, take]) => {
  const limiters: RateLimiters = { getByName: () => ({ take }) };
  const asked = takeRequest(limiters, { tenant: "acme", subject: "alice" }, { limit: 5, windowMs: 60_000 });
  await vi.advanceTimersByTimeAsync(500);
  expect(await asked).toBeUndefined();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("rate_limiter.unreachable");
  expect(lines[0]).not.toContain("alice");
});

test.for([
  ["hangs", never],
  ["fails", broken],
] as const)("[L6] a quota that %s lets the session be opened, and is logged", async ([, call]) => {
  const asked = takeSessionSlot(quotas(call), session, 5);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await asked).toBe(true);
  expect(lines[0]).toContain("tenant_quota.unreachable");
});

test("[L6] what a room asks in the background rejects, and ends", async () => {
  const request = { storedTotal: 0, wanted: 240, quota: 1_000 };
  await expect(confirmSession(quotas(broken), session)).rejects.toThrow("broken");
  await expect(closeSession(quotas(broken), session, 5)).rejects.toThrow("broken");
  const [asked] = await Promise.allSettled([
    leaseAudio(quotas(never), session, request),
    vi.advanceTimersByTimeAsync(5_000),
  ]);
  expect(asked).toMatchObject({ status: "rejected", reason: { name: "TimeoutError" } });
});
