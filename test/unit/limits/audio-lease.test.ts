import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AudioLease, type MayStore } from "../../../server/shared/limits/audio-lease.ts";
import type { LeaseAnswer } from "../../../server/shared/limits/reservation.ts";

const start = Date.parse("2026-11-21T12:00:00Z");

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

interface Call {
  readonly storedTotal: number;
  readonly wanted: number;
  readonly answer: PromiseWithResolvers<LeaseAnswer>;
}

/** A room that stores seconds as far as it may, over a quota whose answers the test gives. */
class World {
  now = start;
  stored = 0;
  readonly calls: Call[] = [];
  readonly lease: AudioLease;

  constructor(quota: number | null = 100_000) {
    this.lease = new AudioLease({
      sessionId: "s1",
      quota,
      now: () => this.now,
      random: () => 1,
      lease: (storedTotal, wanted) => {
        const answer = Promise.withResolvers<LeaseAnswer>();
        this.calls.push({ storedTotal, wanted, answer });
        return answer.promise;
      },
    });
  }

  /** Stores one second if it may. */
  store(): MayStore {
    const may = this.lease.mayStore(this.stored);
    if (may === "yes") this.stored += 1;
    return may;
  }

  /** Stores as fast as it may, up to so many. @returns the first refusal. */
  async storeMany(seconds: number): Promise<MayStore> {
    for (let n = 0; n < seconds; n += 1) {
      const may = this.store();
      if (may !== "yes") return may;
      await settle();
    }
    return "yes";
  }

  call(index: number): Call {
    const call = this.calls.at(index);
    if (!call) throw new Error(`there is no call ${index} of ${this.calls.length}`);
    return call;
  }

  async grant(upTo: number, index = -1): Promise<void> {
    this.call(index).answer.resolve({ upTo, isExhausted: false, retryAfterMs: 0 });
    await settle();
  }

  async exhaust(upTo: number, retryAfterMs: number, index = -1): Promise<void> {
    this.call(index).answer.resolve({ upTo, isExhausted: true, retryAfterMs });
    await settle();
  }

  async fail(): Promise<void> {
    this.call(-1).answer.reject(new Error("unreachable"));
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let n = 0; n < 6; n += 1) await Promise.resolve();
}

test("[L6] the first second after a wake is stored before anything was asked", async () => {
  const world = new World();
  world.stored = 5_000;
  expect(world.store()).toBe("yes");
  expect(world.calls).toEqual([]);
  await settle();
  expect(world.call(0)).toMatchObject({ storedTotal: 5_000, wanted: 240 });
});

test("[Z6] what is used of the quota is as last heard, and when; a quota of an earlier version says nothing", async () => {
  const world = new World(1_000);
  expect(world.lease.use).toBeNull();
  world.store();
  await settle();
  await world.grant(240);
  expect(world.lease.use).toBeNull();
  await world.storeMany(121);
  world.now += 7_000;
  world.call(-1).answer.resolve({ upTo: 361, isExhausted: false, retryAfterMs: 0, usedToday: 801 });
  await settle();
  expect(world.lease.use).toEqual({ percent: 80, at: start + 7_000 });
});

test("[L5] a renewal is asked once, when less than half a block is left", async () => {
  const world = new World();
  world.store();
  await settle();
  await world.grant(240);
  await world.storeMany(119);
  expect(world.stored).toBe(120);
  expect(world.calls).toHaveLength(1);
  await world.storeMany(100);
  expect(world.calls).toHaveLength(2);
  expect(world.call(1).storedTotal).toBe(121);
  await world.grant(361);
  expect(await world.storeMany(20)).toBe("yes");
  expect(world.calls).toHaveLength(2);
});

test("[L6] while an answer is on its way 120 s go beyond the total, and no more", async () => {
  const world = new World();
  expect(await world.storeMany(500)).toEqual({ retryAfterMs: 1_000, isExhausted: false });
  expect(world.stored).toBe(120);
  await world.grant(240);
  expect(world.store()).toBe("yes");
});

test("[L6] while the quota is unreachable 3,600 s go on, and it is asked with backoff", async () => {
  const world = new World();
  let calls = 0;
  for (let second = 0; second < 3_600; second += 1) {
    expect(world.store()).toBe("yes");
    await settle();
    if (world.calls.length > calls) await world.fail();
    calls = world.calls.length;
    world.now += 1_000;
  }
  expect(world.stored).toBe(3_600);
  // 1, 2, 4 … 60 s apart.
  expect(calls).toBeGreaterThan(55);
  expect(calls).toBeLessThan(70);
  expect(world.store()).toMatchObject({ isExhausted: false });
  // Back again: what was stored meanwhile is told, and the room goes on.
  world.now += 60_000;
  world.store();
  await settle();
  expect(world.call(-1).storedTotal).toBe(3_600);
  await world.grant(3_840);
  expect(world.store()).toBe("yes");
});

test("[L5] a quota that throws at once, or never answers, is one that is unreachable", async () => {
  const throwing = new AudioLease({
    sessionId: "s1",
    quota: 10,
    now: () => start,
    random: () => 1,
    lease: () => {
      throw new Error("at once");
    },
  });
  expect(throwing.mayStore(0)).toBe("yes");
  await settle();
  expect(throwing.mayStore(3_599)).toBe("yes");
  expect(throwing.mayStore(3_600)).toEqual({ retryAfterMs: 1_000, isExhausted: false });

  const world = new World();
  await world.storeMany(120);
  expect(world.store()).toMatchObject({ isExhausted: false });
  world.now += 10_000;
  expect(world.store()).toBe("yes");
  expect(world.calls).toHaveLength(1);
  world.now += 1_000;
  world.store();
  await settle();
  expect(world.calls).toHaveLength(2);
});

test("[L5] a late answer's grant holds; what it says of the quota does not", async () => {
  const world = new World();
  world.store();
  await settle();
  world.now += 10_000;
  world.store();
  world.now += 1_000;
  world.store();
  await settle();
  expect(world.calls).toHaveLength(2);
  await world.exhaust(50, 3_600_000, 0);
  expect(await world.storeMany(60)).toBe("yes");
  await world.grant(500, 1);
  // Less than what is known, and late: changes nothing.
  await world.storeMany(300);
  expect(world.stored).toBeGreaterThan(300);
});

test("[L5] a late rejection does not end the request that came after it", async () => {
  const world = new World();
  world.store();
  await settle();
  world.now += 10_000;
  world.store();
  world.now += 1_000;
  world.store();
  await settle();
  world.call(0).answer.reject(new Error("late"));
  await settle();
  world.now += 9_000;
  world.store();
  await settle();
  expect(world.calls).toHaveLength(2);
});

test("[L5] a lost answer costs nothing: the next request tells the total", async () => {
  const world = new World();
  world.store();
  await settle();
  await world.fail();
  world.now += 1_000;
  world.store();
  await settle();
  expect(world.call(1)).toMatchObject({ storedTotal: 1, wanted: 240 });
});

test("[L5] told that the quota is exhausted it stops exactly at its total, and asks once a minute", async () => {
  const world = new World();
  const untilMidnight = 12 * 3_600_000;
  world.store();
  await settle();
  await world.exhaust(30, untilMidnight);
  expect(await world.storeMany(100)).toEqual({ retryAfterMs: untilMidnight, isExhausted: true });
  expect(world.stored).toBe(30);
  for (let second = 0; second < 59; second += 1) {
    world.now += 1_000;
    expect(world.store()).toMatchObject({ isExhausted: true });
    await settle();
  }
  expect(world.calls).toHaveLength(1);
  world.now += 1_000;
  world.store();
  await settle();
  expect(world.calls).toHaveLength(2);
  // No overdraft while it is asked, nor where that fails.
  expect(world.store()).toMatchObject({ isExhausted: true });
  await world.fail();
  expect(world.store()).toEqual({ retryAfterMs: untilMidnight - 60_000, isExhausted: true });
  // Raised meanwhile.
  world.now += 60_000;
  world.store();
  await settle();
  await world.grant(270);
  expect(world.store()).toBe("yes");
});

test("[L5] exhausted, then midnight: the room goes on at once, and asks", async () => {
  const world = new World();
  world.store();
  await settle();
  await world.exhaust(1, 5_000);
  expect(world.store()).toEqual({ retryAfterMs: 5_000, isExhausted: true });
  world.now += 4_999;
  expect(world.store()).toEqual({ retryAfterMs: 1, isExhausted: true });
  world.now += 1;
  expect(world.store()).toBe("yes");
  await settle();
  expect(world.calls).toHaveLength(2);
  await world.grant(241);
  expect(world.store()).toBe("yes");
});

test("[L5] a clock that goes backwards puts no request off for long", async () => {
  const world = new World();
  world.store();
  await settle();
  await world.exhaust(1, 5_000);
  world.now -= 3_600_000;
  expect(world.store()).toMatchObject({ isExhausted: true });
  await settle();
  expect(world.calls).toHaveLength(2);
  world.now -= 3_600_000;
  // The request on its way is from the future: it is given up, and after a rest asked again.
  world.store();
  world.now += 1_000;
  world.store();
  await settle();
  expect(world.calls).toHaveLength(3);
});

test("[L5] a quota that grants nothing and is not exhausted is not asked every second", async () => {
  const world = new World();
  world.store();
  await settle();
  await world.grant(0);
  await world.storeMany(50);
  expect(world.calls).toHaveLength(1);
});

test("[L5] a lifted quota is never asked", async () => {
  const world = new World(null);
  expect(await world.storeMany(5_000)).toBe("yes");
  expect(world.calls).toEqual([]);
});
