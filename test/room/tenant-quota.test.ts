/** What a tenant uses: its open sessions and its audio of the day. */
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { describe, expect, inject, test } from "vitest";
import {
  closeSession,
  confirmSession,
  leaseAudio,
  takeSessionSlot,
  tenantUsage,
} from "../../server/shared/limits/limiter-access.ts";
import { QuotaStore } from "../../server/shared/limits/quota-store.ts";
import { AudioLease } from "../../server/shared/limits/audio-lease.ts";
import { durableDatabase } from "../../server/shared/lib/durable-database.ts";
import { bindings } from "./support/bindings.ts";
import { evict } from "./support/evict.ts";
import { clock } from "./support/clock.ts";

const msPerDay = 86_400_000;
const tenMinutes = 600_000;
let tenants = 0;

class Tenant {
  readonly #tenant: string;

  constructor() {
    tenants += 1;
    this.#tenant = `t${tenants}-${crypto.randomUUID()}`;
  }

  get stub() {
    return bindings.TENANT_QUOTA.getByName(this.#tenant);
  }

  open(sessionId: string, limit: number | null = 2): Promise<boolean> {
    return takeSessionSlot(bindings.TENANT_QUOTA, this.#of(sessionId), limit);
  }

  confirm(sessionId: string): Promise<void> {
    return confirmSession(bindings.TENANT_QUOTA, this.#of(sessionId));
  }

  close(sessionId: string, storedTotal = 0): Promise<void> {
    return closeSession(bindings.TENANT_QUOTA, this.#of(sessionId), storedTotal);
  }

  lease(sessionId: string, storedTotal: number, wanted = 240, quota: number | null = 1_000) {
    return leaseAudio(bindings.TENANT_QUOTA, this.#of(sessionId), { storedTotal, wanted, quota });
  }

  async seconds(): Promise<number> {
    return (await tenantUsage(bindings.TENANT_QUOTA, this.#tenant)).seconds;
  }

  async slots(): Promise<number> {
    return (await tenantUsage(bindings.TENANT_QUOTA, this.#tenant)).openSessions;
  }

  async day(): Promise<string> {
    return (await tenantUsage(bindings.TENANT_QUOTA, this.#tenant)).day;
  }

  rows(table: "sessions" | "days"): Promise<Record<string, SqlStorageValue>[]> {
    return this.inside((storage) => storage.sql.exec(`SELECT * FROM ${table} ORDER BY 1`).toArray());
  }

  inside<T>(look: (storage: DurableObjectStorage) => T | Promise<T>): Promise<T> {
    return runInDurableObject(this.stub, (_, state) => look(state.storage));
  }

  async evict(): Promise<void> {
    await this.inside(() => undefined);
    await evict(this.stub);
  }

  alarmAt(): Promise<number | null> {
    return this.inside((storage) => storage.getAlarm());
  }

  /** Runs the alarm, at its time. */
  async wake(): Promise<boolean> {
    clock.advanceTo((await this.alarmAt()) ?? 0);
    return runDurableObjectAlarm(this.stub);
  }

  #of(sessionId: string): { tenant: string; sessionId: string } {
    return { tenant: this.#tenant, sessionId };
  }
}

/** Noon of a day that is still to come, UTC: a test's hours do not run into midnight. */
function noon(): void {
  clock.advanceTo((Math.floor(clock.now() / msPerDay) + 1) * msPerDay + msPerDay / 2);
}

describe("open sessions", () => {
  test("[L4] as many as the limit, and one that has a slot may be opened again", async () => {
    const tenant = new Tenant();
    expect([await tenant.open("a"), await tenant.open("b"), await tenant.open("c")]).toEqual([true, true, false]);
    expect(await tenant.open("a")).toBe(true);
    expect(await tenant.slots()).toBe(2);
    await tenant.close("a");
    expect(await tenant.open("c")).toBe(true);
    expect(await tenant.open("d")).toBe(false);
    expect(await tenant.open("d", null)).toBe(true);
  });

  test("[L4] a slot that no room spoke up for within 10 minutes is free again", async () => {
    const tenant = new Tenant();
    await tenant.open("a");
    await tenant.open("b");
    await tenant.confirm("b");
    clock.advance(tenMinutes - 1);
    expect(await tenant.open("c")).toBe(false);
    clock.advance(1);
    expect(await tenant.slots()).toBe(1);
    expect(await tenant.open("c")).toBe(true);
    // Asked for again, it waits anew.
    clock.advance(tenMinutes - 1);
    expect(await tenant.open("c")).toBe(true);
    clock.advance(tenMinutes - 1);
    expect(await tenant.slots()).toBe(2);
  });

  test("[L4] a room that is late has its slot whatever the limit", async () => {
    const tenant = new Tenant();
    await tenant.open("a", 1);
    clock.advance(tenMinutes);
    await tenant.open("b", 1);
    await tenant.confirm("a");
    await tenant.confirm("a");
    expect(await tenant.slots()).toBe(2);
    expect(await tenant.open("a", 1)).toBe(true);
    expect(await tenant.open("c", 1)).toBe(false);
  });

  test("[L4] a room that asks for audio is open", async () => {
    const tenant = new Tenant();
    await tenant.open("a");
    await tenant.lease("a", 0);
    clock.advance(tenMinutes);
    expect(await tenant.slots()).toBe(1);
  });

  test("[L4] closing twice frees one slot; what was sent before and comes after opens nothing", async () => {
    const tenant = new Tenant();
    await tenant.open("a");
    await tenant.confirm("a");
    await tenant.open("b");
    await tenant.close("a");
    await tenant.close("a");
    await tenant.confirm("a");
    await tenant.lease("a", 0);
    await tenant.open("a");
    expect(await tenant.slots()).toBe(1);
  });

  test("[L4] a clock that goes backwards keeps no slot for ever", async () => {
    const tenant = new Tenant();
    await tenant.open("a", 1);
    clock.advance(-7_200_000);
    expect(await tenant.open("b", 1)).toBe(true);
    clock.advance(7_200_000);
  });

  test("[L4] what is counted lives through eviction and crash", async () => {
    const tenant = new Tenant();
    await tenant.open("a");
    await tenant.evict();
    await tenant.open("b");
    await abortAllDurableObjects();
    expect(await tenant.open("c")).toBe(false);
    expect(await tenant.slots()).toBe(2);
  });
});

describe("audio of the day", () => {
  test("[L5] a block is reserved once, however often it is asked for", async () => {
    const tenant = new Tenant();
    const answer = { upTo: 240, isExhausted: false, retryAfterMs: 0, usedToday: 240 };
    expect(await tenant.lease("a", 0)).toEqual(answer);
    expect(await tenant.lease("a", 0)).toEqual(answer);
    expect(await tenant.seconds()).toBe(240);
    expect(await tenant.lease("a", 130)).toMatchObject({ upTo: 370 });
    // One that comes late.
    expect(await tenant.lease("a", 0)).toMatchObject({ upTo: 370 });
    expect(await tenant.seconds()).toBe(370);
  });

  test("[L5] the last block is what the quota leaves; then there is nothing until 00:00 UTC", async () => {
    noon();
    const tenant = new Tenant();
    await tenant.lease("a", 0, 900);
    const half = msPerDay / 2;
    expect(await tenant.lease("b", 0)).toEqual({ upTo: 100, isExhausted: true, retryAfterMs: half, usedToday: 1_000 });
    clock.advance(1_000);
    expect(await tenant.lease("c", 0)).toEqual({
      upTo: 0,
      isExhausted: true,
      retryAfterMs: half - 1_000,
      usedToday: 1_000,
    });
    expect(await tenant.lease("c", 0, 240, null)).toMatchObject({ upTo: 240, isExhausted: false });
    clock.advance(half - 1_000);
    expect(await tenant.seconds()).toBe(0);
    expect(await tenant.lease("b", 100)).toMatchObject({ upTo: 340, isExhausted: false });
    expect(await tenant.seconds()).toBe(240);
  });

  test("[L5] seconds stored while the quota was unreachable count, even beyond it", async () => {
    const tenant = new Tenant();
    await tenant.lease("a", 0);
    expect(await tenant.lease("a", 5_000)).toMatchObject({ upTo: 5_000, isExhausted: true });
    expect(await tenant.seconds()).toBe(5_000);
    expect(await tenant.lease("b", 0)).toMatchObject({ upTo: 0, isExhausted: true });
  });

  test("[L5] a session that closes gives back what it did not store, once", async () => {
    noon();
    const tenant = new Tenant();
    await tenant.lease("a", 0);
    await tenant.lease("b", 0);
    await tenant.close("a", 100);
    await tenant.close("a", 100);
    await tenant.close("a", 90);
    expect(await tenant.seconds()).toBe(340);
    // Sent before, come after.
    expect(await tenant.lease("a", 90)).toEqual({ upTo: 100, isExhausted: false, retryAfterMs: 0 });
    expect(await tenant.seconds()).toBe(340);
    // Stored more than it ever could ask for.
    await tenant.close("b", 500);
    expect(await tenant.seconds()).toBe(600);
  });

  test("[L5] yesterday's seconds are not given back today", async () => {
    noon();
    const tenant = new Tenant();
    await tenant.lease("a", 0);
    await tenant.lease("b", 0);
    clock.advance(msPerDay / 2);
    await tenant.lease("c", 0, 300);
    await tenant.lease("b", 200);
    expect(await tenant.seconds()).toBe(500);
    await tenant.close("a", 0);
    expect(await tenant.seconds()).toBe(500);
    // Of 240 unused seconds 200 were counted today.
    await tenant.close("b", 200);
    expect(await tenant.seconds()).toBe(300);
  });

  test("[L5] a session closed long ago that is deleted today counts nothing", async () => {
    const tenant = new Tenant();
    await tenant.close("a", 7_200);
    expect(await tenant.seconds()).toBe(0);
    expect(await tenant.slots()).toBe(0);
    await tenant.lease("a", 7_000);
    expect(await tenant.seconds()).toBe(0);
  });

  test("[L5] what is counted lives through eviction and crash", async () => {
    const tenant = new Tenant();
    await tenant.lease("a", 0);
    await tenant.evict();
    await tenant.lease("a", 100);
    await abortAllDurableObjects();
    expect(await tenant.lease("a", 100)).toMatchObject({ upTo: 340 });
    expect(await tenant.seconds()).toBe(340);
  });

  test("[L5] what is no number of seconds changes nothing", async () => {
    const tenant = new Tenant();
    await tenant.inside((storage) => {
      const book = new QuotaStore(durableDatabase(storage, clock.now));
      for (const total of [-1, 0.5, Number.NaN, Infinity]) {
        expect(() => book.lease("a", { storedTotal: total, wanted: 240, quota: 1_000 })).toThrow(
          "not a number of seconds",
        );
        expect(() => book.closeSession("a", total)).toThrow("not a number of seconds");
      }
    });
    expect(await tenant.rows("sessions")).toEqual([]);
  });

  test("[L5] whatever is lost, repeated or late, the day's count is what was stored", async () => {
    noon();
    const step = fc.record({
      id: fc.constantFrom("a", "b", "c"),
      more: fc.nat({ max: 200 }),
      isLost: fc.boolean(),
      // Which of the calls so far comes once more now.
      late: fc.option(fc.nat()),
    });
    const seed = inject("seed");
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const tenant = new Tenant();
      const stored = new Map<string, number>();
      const sent: (() => Promise<unknown>)[] = [];
      for (const { id, more, isLost, late } of steps) {
        const total = (stored.get(id) ?? 0) + more;
        stored.set(id, total);
        const call = (): Promise<unknown> => tenant.lease(id, total, 240, 5_000);
        sent.push(call);
        await tenant.confirm(id);
        if (!isLost) await call();
        if (late !== null) await sent[late % sent.length]?.();
      }
      for (const [id, total] of stored) await tenant.close(id, total);
      for (const call of sent) await call();
      expect(await tenant.seconds()).toBe([...stored.values()].reduce((sum, total) => sum + total, 0));
      expect(await tenant.slots()).toBe(0);
    });
    await fc.assert(property, { seed, numRuns: 20 });
  });

  test("[L5] rooms that share a quota store as much as it has, and no more", async () => {
    noon();
    const tenant = new Tenant();
    const asked: Promise<unknown>[] = [];
    const rooms = ["a", "b", "c"].map((id) => ({
      stored: 0,
      lease: new AudioLease({
        sessionId: id,
        quota: 1_000,
        now: clock.now,
        random: () => 1,
        lease: (storedTotal, wanted, quota) => {
          const answer = tenant.lease(id, storedTotal, wanted, quota);
          asked.push(answer);
          return answer;
        },
      }),
    }));
    // At the pace of a meeting: an answer is there within a second.
    for (let second = 0; second < 500; second += 1) {
      clock.advance(1_000);
      for (const room of rooms) if (room.lease.mayStore(room.stored) === "yes") room.stored += 1;
      // Rooms ask a little after they answered.
      await Promise.resolve();
      await Promise.all(asked.splice(0));
    }
    expect(rooms.map((room) => room.lease.mayStore(room.stored))).toMatchObject(
      rooms.map(() => ({ isExhausted: true })),
    );
    expect(rooms.reduce((sum, { stored }) => sum + stored, 0)).toBe(1_000);
    expect(await tenant.seconds()).toBe(1_000);
  });
});

describe("what is kept", () => {
  test("[L5] usage names the day of UTC", async () => {
    noon();
    expect(await new Tenant().day()).toBe(new Date(clock.now()).toISOString().slice(0, 10));
  });

  test("[L4] [L5] what is over is forgotten, what is open is not", async () => {
    noon();
    const tenant = new Tenant();
    await tenant.open("taken");
    await tenant.confirm("open");
    await tenant.lease("closed", 0);
    await tenant.close("closed", 10);
    await tenant.evict();
    for (let hour = 0; hour < 24; hour += 1) expect(await tenant.wake()).toBe(true);
    expect((await tenant.rows("sessions")).map(({ session_id }) => session_id)).toEqual(["open"]);
    expect(await tenant.rows("days")).toHaveLength(1);
    let hours = 0;
    while (await tenant.wake()) hours += 1;
    expect(hours).toBeLessThan(25);
    expect(await tenant.rows("days")).toEqual([]);
    expect(await tenant.slots()).toBe(1);
    expect(await tenant.alarmAt()).toBeNull();
  });

  test("[L4] waking does not put the alarm off", async () => {
    const tenant = new Tenant();
    await tenant.open("a");
    const at = await tenant.alarmAt();
    clock.advance(1_800_000);
    await tenant.evict();
    await tenant.open("b");
    expect(await tenant.alarmAt()).toBe(at);
  });
});
