/** The object that counts requests: what of it lives through its end. */
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { rateLimiterName, takeRequest } from "../../server/shared/limits/limiter-access.ts";
import type { RateAnswer } from "../../server/shared/limits/sliding-window.ts";
import { bindings } from "./support/bindings.ts";
import { clock } from "./support/clock.ts";
import { evict } from "./support/evict.ts";
import { newSession } from "./support/room.ts";

const windowMs = 60_000;

class Subject {
  readonly name = rateLimiterName({ tenant: "default", subject: newSession() });

  get stub() {
    return bindings.RATE_LIMITER.getByName(this.name);
  }

  async take(limit = 3): Promise<RateAnswer> {
    return this.stub.take(limit, windowMs);
  }

  async takeMany(times: number): Promise<number> {
    const answers = await Promise.all(Array.from({ length: times }, () => this.take()));
    return answers.filter(({ allowed }) => allowed).length;
  }

  inside<T>(look: (storage: DurableObjectStorage) => T | Promise<T>): Promise<T> {
    return runInDurableObject(this.stub, (_, state) => look(state.storage));
  }

  async evict(): Promise<void> {
    await this.inside(() => undefined);
    await evict(this.stub);
  }

  stored(): Promise<number> {
    return this.inside((storage) => [...storage.kv.list()].length);
  }

  alarmAt(): Promise<number | null> {
    return this.inside((storage) => storage.getAlarm());
  }

  /** Moves the clock to the alarm and runs it. */
  async wake(): Promise<boolean> {
    clock.advanceTo((await this.alarmAt()) ?? 0);
    return runDurableObjectAlarm(this.stub);
  }
}

test("[L1] of many at once the limit is admitted, and what is left is told", async () => {
  const subject = new Subject();
  expect(await subject.take()).toMatchObject({ allowed: true, limit: 3, remaining: 2, retryAfterMs: 0 });
  expect(await subject.takeMany(10)).toBe(2);
  const refused = await subject.take();
  expect(refused).toMatchObject({ allowed: false, remaining: 0 });
  clock.advance(refused.retryAfterMs - 1);
  expect(await subject.takeMany(1)).toBe(0);
  clock.advance(1);
  expect(await subject.takeMany(5)).toBe(3);
});

test("[L1] an object that was evicted does not give a new window away", async () => {
  const subject = new Subject();
  expect(await subject.takeMany(2)).toBe(2);
  await subject.evict();
  expect(await subject.takeMany(3)).toBe(1);
  await subject.evict();
  expect(await subject.takeMany(3)).toBe(0);
});

test("[L1] nor does one that was killed, once its writes are out", async () => {
  const subject = new Subject();
  expect(await subject.takeMany(3)).toBe(3);
  await subject.inside((storage) => storage.sync());
  await abortAllDurableObjects();
  expect(await subject.takeMany(3)).toBe(0);
});

test("[L1] [T1] each subject of each tenant has a limit of its own", async () => {
  const subject = newSession();
  const take = (tenant: string) => takeRequest(bindings.RATE_LIMITER, { tenant, subject }, { limit: 1, windowMs });
  expect((await take("one"))?.allowed).toBe(true);
  expect((await take("one"))?.allowed).toBe(false);
  expect((await take("other"))?.allowed).toBe(true);
});

test("[L1] a clock that went backwards while the object slept shuts nobody out for longer than a window and a slot", async () => {
  const subject = new Subject();
  await subject.takeMany(3);
  clock.advance(-3_600_000);
  await subject.evict();
  expect((await subject.take()).retryAfterMs).toBeLessThanOrEqual(61_000);
  clock.advance(30_000);
  // What it was told before it slept again still holds.
  await subject.evict();
  expect((await subject.take()).retryAfterMs).toBeLessThanOrEqual(31_000);
  clock.advance(31_000);
  expect((await subject.take()).allowed).toBe(true);
  clock.advance(3_600_000);
});

test("[L1] some windows after the last request nothing is left", async () => {
  const subject = new Subject();
  await subject.take();
  expect(await subject.stored()).toBe(1);
  clock.advance(2 * windowMs);
  await subject.take();
  // The alarm that was set with the first finds the second.
  expect(await subject.wake()).toBe(true);
  expect(await subject.stored()).toBe(1);
  expect(await subject.wake()).toBe(true);
  expect(await subject.stored()).toBe(0);
  expect(await subject.alarmAt()).toBeNull();
  expect(await subject.takeMany(5)).toBe(3);
  expect(await subject.alarmAt()).not.toBeNull();
});

test("[L1] an object that sleeps is woken to forget", async () => {
  const subject = new Subject();
  await subject.take();
  await subject.evict();
  await subject.take();
  expect(await subject.alarmAt()).toBeGreaterThan(clock.now() + windowMs);
  await subject.evict();
  expect(await subject.wake()).toBe(true);
  expect(await subject.stored()).toBe(0);
});

test("[L1] a subject that never asked leaves nothing", async () => {
  const subject = new Subject();
  expect(await subject.stored()).toBe(0);
  expect(await subject.alarmAt()).toBeNull();
});
