/** The jobs behind a room's one alarm, over the storage of a room that was never opened. */
import { expect, test } from "vitest";
import { migrate } from "../../server/gateway/core/migrations.ts";
import type { Database } from "../../server/shared/lib/sql.ts";
import { durableDatabase } from "../../server/shared/lib/durable-database.ts";
import { Jobs } from "../../server/gateway/core/jobs.ts";
import { log } from "../../server/shared/telemetry/log.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

interface Bench {
  now: number;
  readonly alarms: number[];
  readonly ran: string[];
  work: (name: string) => Promise<void>;
  readonly db: Database;
  readonly insert: (name: string, dueAt: number) => void;
  readonly rows: () => Record<string, SqlStorageValue>[];
  /** The jobs as a room that starts now finds them. */
  readonly start: () => Jobs;
}

function withBench(step: (bench: Bench) => Promise<void>): Promise<void> {
  return new RoomUnderTest(newSession()).inside(async (storage) => {
    const db = durableDatabase(storage, () => bench.now);
    const run = async (name: string): Promise<void> => {
      bench.ran.push(name);
      await bench.work(name);
    };
    const bench: Bench = {
      now: 1_000,
      alarms: [],
      ran: [],
      work: () => Promise.resolve(),
      db,
      insert: (name, dueAt) => {
        storage.sql.exec("INSERT INTO jobs (name, due_at) VALUES (?, ?)", name, dueAt);
      },
      rows: () => storage.sql.exec("SELECT name, due_at FROM jobs ORDER BY name").toArray(),
      start: () => {
        const jobs = new Jobs({ db, setAlarm: (at) => bench.alarms.push(at), log, random: () => 1 });
        const names = ["archive", "finalize", "delete"];
        jobs.start({ run: new Map(names.map((name) => [name, () => run(name)])), lasting: ["delete"] });
        return jobs;
      },
    };
    migrate(db);
    await step(bench);
  });
}

test("[K3] the alarm is the earliest job; a later wish does not move it", () =>
  withBench(async (bench) => {
    const jobs = bench.start();
    expect(bench.alarms).toEqual([]);
    jobs.at("finalize", 5_000);
    jobs.at("archive", 3_000);
    jobs.at("archive", 4_000);
    expect(bench.alarms.at(-1)).toBe(3_000);
    expect(bench.rows()).toEqual([
      { name: "archive", due_at: 3_000 },
      { name: "finalize", due_at: 5_000 },
    ]);
    bench.now = 3_000;
    await jobs.runDue();
    expect(bench.ran).toEqual(["archive"]);
    expect(bench.alarms.at(-1)).toBe(5_000);
    expect(bench.rows()).toEqual([{ name: "finalize", due_at: 5_000 }]);
  }));

test("[K3] a room that starts arms the alarm from its rows", () =>
  withBench(async (bench) => {
    bench.start().at("archive", 3_000);
    bench.alarms.length = 0;
    bench.now = 9_000;
    const jobs = bench.start();
    expect(bench.alarms).toEqual([3_000]);
    await jobs.runDue();
    expect(bench.ran).toEqual(["archive"]);
    expect(bench.rows()).toEqual([]);
  }));

test("[K3] an alarm that comes early runs nothing and is set again", () =>
  withBench(async (bench) => {
    const jobs = bench.start();
    jobs.at("archive", 3_000);
    bench.alarms.length = 0;
    bench.now = 2_999;
    await jobs.runDue();
    expect(bench.ran).toEqual([]);
    expect(bench.alarms).toEqual([3_000]);
  }));

test("[K3] a job that throws runs again later, and does not keep the other from running", () =>
  withBench(async (bench) => {
    const jobs = bench.start();
    jobs.at("archive", 2_000);
    jobs.at("finalize", 2_000);
    bench.now = 2_000;
    bench.work = (name) => (name === "archive" ? Promise.reject(new Error("broken")) : Promise.resolve());
    await jobs.runDue();
    expect(bench.ran).toEqual(["archive", "finalize"]);
    const [row] = bench.rows();
    expect(row).toMatchObject({ name: "archive" });
    expect(bench.alarms.at(-1)).toBe(row?.["due_at"]);
    expect(Number(row?.["due_at"])).toBeGreaterThan(bench.now);
    bench.work = () => Promise.resolve();
    bench.now = Number(row?.["due_at"]);
    await jobs.runDue();
    expect(bench.ran).toEqual(["archive", "finalize", "archive"]);
    expect(bench.rows()).toEqual([]);
  }));

test("[K9] a job that throws again and again is left alone for longer each time, until it succeeds once", () =>
  withBench(async (bench) => {
    const jobs = bench.start();
    const runs = async (times: number): Promise<number[]> => {
      const waits: number[] = [];
      for (let n = 0; n < times; n += 1) {
        bench.now = Number(bench.rows()[0]?.["due_at"] ?? bench.now);
        await jobs.runDue();
        waits.push(Number(bench.rows()[0]?.["due_at"] ?? bench.now) - bench.now);
      }
      return waits;
    };
    bench.work = () => Promise.reject(new Error("broken"));
    jobs.at("archive", 2_000);
    expect(await runs(8)).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
    // Who asks for it does not wait.
    jobs.at("archive", bench.now + 10);
    expect(bench.alarms.at(-1)).toBe(bench.now + 10);
    bench.work = () => Promise.resolve();
    expect(await runs(1)).toEqual([0]);
    bench.work = () => Promise.reject(new Error("broken"));
    jobs.at("archive", bench.now + 10);
    expect(await runs(1)).toEqual([5_000]);
  }));

test("[K3] a job that asks for its next run gets it; a crash in the middle of one leaves its row", () =>
  withBench(async (bench) => {
    const jobs = bench.start();
    jobs.at("archive", 2_000);
    bench.now = 2_000;
    bench.work = () => {
      expect(bench.rows()).toEqual([{ name: "archive", due_at: 2_000 }]);
      jobs.at("archive", 7_000);
      return Promise.resolve();
    };
    await jobs.runDue();
    expect(bench.rows()).toEqual([{ name: "archive", due_at: 7_000 }]);
    expect(bench.alarms.at(-1)).toBe(7_000);
  }));

test("[K3] a job of a name that nobody knows is left alone, and arms nothing", () =>
  withBench(async (bench) => {
    bench.start();
    bench.insert("of_another_version", 500);
    const jobs = bench.start();
    expect(bench.alarms).toEqual([]);
    jobs.at("archive", 1_000);
    await jobs.runDue();
    expect(bench.ran).toEqual(["archive"]);
    expect(bench.rows()).toEqual([{ name: "of_another_version", due_at: 500 }]);
    expect(() => jobs.at("of_another_version", 1_000)).toThrow("no part has a job");
  }));

test("[K3] a job that was asked for in a step that is undone is not set, in memory neither", () =>
  withBench(async (bench) => {
    const jobs = bench.start();
    const step = (): void => {
      jobs.at("archive", 3_000);
      throw new Error("undone");
    };
    expect(() => bench.db.transaction(step)).toThrow("undone");
    expect(jobs.has("archive")).toBe(false);
    jobs.at("archive", 4_000);
    expect(bench.rows()).toEqual([{ name: "archive", due_at: 4_000 }]);
  }));

test("[I3] once the session is being deleted there are the lasting jobs alone", () =>
  withBench(async (bench) => {
    const jobs = bench.start();
    jobs.at("archive", 3_000);
    jobs.keepLasting();
    jobs.at("finalize", 2_000);
    jobs.at("delete", 5_000);
    expect(bench.rows()).toEqual([{ name: "delete", due_at: 5_000 }]);
    bench.now = 5_000;
    await jobs.runDue();
    expect(bench.ran).toEqual(["delete"]);
  }));

test("[I8] while somebody else works on the room's file no job begins, and one that ends writes nothing", () =>
  withBench(async (bench) => {
    const jobs = bench.start();
    jobs.at("archive", 2_000);
    const [worked, stillOver] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    bench.work = () => worked.promise;
    bench.now = 2_000;
    const running = jobs.runDue();
    await expect.poll(() => bench.ran).toEqual(["archive"]);
    const still = jobs.still(() => stillOver.promise);
    jobs.at("finalize", 2_000);
    const late = jobs.runDue();
    worked.resolve();
    const alarms = bench.alarms.length;
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    expect(bench.rows().map(({ name }) => name)).toEqual(["archive", "finalize"]);
    expect([bench.ran, bench.alarms.length]).toEqual([["archive"], alarms]);
    stillOver.resolve();
    await Promise.all([running, late, still]);
    expect(bench.ran).toEqual(["archive", "finalize"]);
    expect(bench.rows()).toEqual([]);
  }));

test("[I8] work on the room's file that fails keeps no job from running", () =>
  withBench(async (bench) => {
    const jobs = bench.start();
    jobs.at("archive", 2_000);
    bench.now = 2_000;
    await expect(jobs.still(() => Promise.reject(new Error("locked")))).rejects.toThrow("locked");
    await jobs.runDue();
    expect(bench.ran).toEqual(["archive"]);
  }));
