/** What lasts until somebody says that it is over: captions that are behind, quotas, circuits; and the disk. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TelemetryLine } from "../../../schemas/telemetry.ts";
import { CaptionLag } from "../../../server/app/captions/caption-lag.ts";
import { logFor } from "../../../server/shared/telemetry/log.ts";
import { MonitorWorld } from "./support/monitor-world.ts";

beforeEach(() => {
  for (const name of ["log", "warn"] as const) vi.spyOn(console, name).mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A captioner's rounds, and what an installation hears of them. */
class Rounds {
  readonly world: MonitorWorld;
  isDeaf = false;
  told = 0;
  #isNoted = false;
  #lag: CaptionLag;
  #telling: Promise<void>[] = [];

  constructor(world: MonitorWorld) {
    this.world = world;
    this.#lag = this.#begun();
  }

  /** The captioner dies, and another one begins. */
  kill(): void {
    this.#lag = this.#begun();
  }

  #begun(): CaptionLag {
    return new CaptionLag({
      now: () => this.world.now,
      log: () => logFor({}),
      wasTold: () => this.#isNoted,
      noteTold: (isTold) => (this.#isNoted = isTold),
      keepAlive: (work) => void this.#telling.push(work),
      tell: async (since) => {
        if (this.isDeaf) throw new Error("the object is away");
        this.told += 1;
        this.world.monitor.takeCaptions("default", "m1", since);
      },
    });
  }

  async round(isBehind: boolean, seconds = 1): Promise<void> {
    this.#lag.round(isBehind, seconds * 1_000);
    await Promise.all(this.#telling.splice(0));
    this.world.now += seconds * 1_000;
  }

  async rounds(isBehind: boolean, seconds: number): Promise<void> {
    for (let n = 0; n < seconds; n += 1) await this.round(isBehind);
  }

  /** How far captions are behind, s. */
  get lag(): number {
    const { states, at } = this.world.monitor.health();
    return states.captions_behind_since === null ? 0 : (at - states.captions_behind_since) / 1_000;
  }
}

test("[Z5] captions that are behind are told within ten seconds, grow with the clock, and are over when they have caught up", async () => {
  const rounds = new Rounds(new MonitorWorld());
  // What waits for a pause, or for speaker resolve.
  for (let n = 0; n < 20; n += 1) await rounds.round(n % 9 !== 0);
  expect(rounds.told).toBe(0);
  await rounds.round(false);
  await rounds.rounds(true, 11);
  expect(rounds.lag).toBe(11);
  await rounds.rounds(true, 49);
  expect(rounds.lag).toBe(60);
  expect(rounds.told).toBeLessThan(8);
  await rounds.round(false);
  expect(rounds.lag).toBe(0);
  await rounds.rounds(false, 60);
  expect(rounds.told).toBeLessThan(9);
});

test("[Z5] a model that is left alone for a minute is told at once; a captioner that dies goes on with since when", async () => {
  const rounds = new Rounds(new MonitorWorld());
  await rounds.round(true, 60);
  expect(rounds.lag).toBe(60);
  rounds.kill();
  await rounds.round(true, 60);
  expect(rounds.lag).toBe(120);
  // One that dies after it was told says that it is over all the same.
  rounds.kill();
  await rounds.round(false);
  expect(rounds.lag).toBe(0);
  const { told } = rounds;
  rounds.kill();
  await rounds.rounds(false, 5);
  expect(rounds.told).toBe(told);
});

test("[Z5] what nobody hears is told again; what nobody repeats goes by itself", async () => {
  const rounds = new Rounds(new MonitorWorld());
  rounds.isDeaf = true;
  await rounds.rounds(true, 15);
  expect(rounds.lag).toBe(0);
  rounds.isDeaf = false;
  await rounds.rounds(true, 15);
  expect(rounds.lag).toBe(30);
  rounds.isDeaf = true;
  await rounds.rounds(false, 170);
  expect(rounds.lag).toBeGreaterThan(0);
  await rounds.rounds(false, 40);
  expect(rounds.lag).toBe(0);
});

test("[Z5] when more is behind than is kept, what is repeated stays and what was heard of longest ago goes", () => {
  const world = new MonitorWorld();
  const begunAt = world.now;
  const behind = (): number => world.monitor.health().states.captions_behind;
  for (let n = 0; n < 20_000; n += 1) world.monitor.takeCaptions("default", `m${n}`, begunAt);
  world.now += 170_000;
  world.monitor.takeCaptions("default", "m0", begunAt);
  world.monitor.takeCaptions("default", "new", world.now);
  expect(behind()).toBe(20_000);
  // Nobody repeated the others.
  world.now += 20_000;
  expect(behind()).toBe(2);
});

test("[Z5] a deleted meeting is behind no more", async () => {
  const rounds = new Rounds(new MonitorWorld());
  await rounds.rounds(true, 20);
  rounds.world.monitor.forget("default", "m1");
  expect(rounds.lag).toBe(0);
});

test("[Z6] captions_behind fires once and resolves once", async () => {
  const world = new MonitorWorld({ ALERT_CAPTIONS_BEHIND_S: "60" });
  const rounds = new Rounds(world);
  for (let n = 0; n < 10; n += 1) {
    await rounds.rounds(true, 10);
    await world.pass(0);
  }
  expect(world.notices()).toEqual(["captions_behind firing"]);
  await rounds.round(false);
  await world.pass(5);
  await world.pass(5);
  expect(world.notices()).toEqual(["captions_behind firing", "captions_behind resolved"]);
  expect(world.monitor.nextRunAt).toBeUndefined();
});

test("[Z6] disk_near fires below the bound, tells how much is left, and is over when there is space", async () => {
  const world = new MonitorWorld({ ALERT_DISK_FREE_MB: "500" });
  world.freeBytes = 600e6;
  world.requests("200", 1);
  await world.pass(5);
  expect(world.notices()).toEqual([]);
  world.freeBytes = 499.9e6;
  await world.pass(5);
  expect(JSON.parse(world.posted[0]?.body ?? "")).toMatchObject({ alert: "disk_near", value: 499, threshold: 500 });
  world.freeBytes = 5e9;
  await world.pass(5);
  expect(world.notices()).toEqual(["disk_near firing", "disk_near resolved"]);
});

test("[Z6] in a deployment, where there is no disk, nothing is said of one", async () => {
  const world = new MonitorWorld();
  world.requests("200", 1);
  await world.pass(5);
  expect(world.notices()).toEqual([]);
  expect(world.monitor.health().freeBytes).toBeUndefined();
});

test("[Z6] quota_near goes by the newest word of any of a tenant's meetings, and a new day begins anew", async () => {
  const world = new MonitorWorld();
  const at = world.now;
  world.report({ quota: { percent: 79, at } });
  await world.pass(5);
  expect(world.notices()).toEqual([]);
  world.report({ session_id: "m2", quota: { percent: 84, at: at + 5_000 } });
  // The other meeting tells again what it heard before.
  world.report({ quota: { percent: 79, at } });
  await world.pass(5);
  expect(world.notices()).toEqual(["quota_near firing"]);
  expect(world.monitor.health().states.quota).toEqual({ tenant: "default", percent: 84 });
  expect(world.posted[0]?.body).toContain("Tenant default");
  // 00:00 UTC.
  world.now = Date.parse("2026-11-30T00:00:00Z");
  world.report({ session_id: "m2", quota: { percent: 84, at: at + 5_000 } });
  await world.pass(5);
  expect(world.notices()).toEqual(["quota_near firing", "quota_near resolved"]);
});

test("[Z5] models that are left alone are known by tenant, since when, and until a call of them succeeds or nobody tries", () => {
  const world = new MonitorWorld();
  const line = (tenant: string, state: string): TelemetryLine => ({
    at: world.now,
    level: "warn",
    event: "model.circuit",
    tenant,
    model: "openai/whisper-1",
    state,
  });
  const open = (): string[] => world.monitor.health().states.circuits.map(({ tenant }) => tenant);
  const since = world.now;
  world.take({ lines: [line("a", "open"), line("b", "open"), line("b", "closed")] });
  expect(open()).toEqual(["a"]);
  world.now += 60_000;
  world.take({ lines: [line("b", "closed"), line("a", "open"), line("b", "open")] });
  expect(world.monitor.health().states.circuits).toMatchObject([
    { tenant: "a", since },
    { tenant: "b", since: world.now },
  ]);
  world.take({ lines: [line("a", "closed")] });
  expect(open()).toEqual(["b"]);
  world.now += 1_000_000;
  expect(open()).toEqual([]);
});
