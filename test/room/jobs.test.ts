/** The jobs behind a room's one alarm, over the storage of a room that was never opened. */
import { expect, test } from "vitest";
import { migrate } from "../../server/gateway/core/migrations.ts";
import { durableDatabase } from "../../server/shared/lib/durable-database.ts";
import { type JobName, Jobs } from "../../server/gateway/core/jobs.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

interface Bench {
  now: number;
  readonly alarms: number[];
  readonly ran: JobName[];
  work: (name: JobName) => Promise<void>;
  readonly rows: () => Record<string, SqlStorageValue>[];
  /** The jobs as a room that starts now finds them. */
  readonly start: () => Jobs;
}

function withBench(step: (bench: Bench) => Promise<void>): Promise<void> {
  return new RoomUnderTest(newSession()).inside(async (storage) => {
    const db = durableDatabase(storage, () => bench.now);
    const run = async (name: JobName): Promise<void> => {
      bench.ran.push(name);
      await bench.work(name);
    };
    const bench: Bench = {
      now: 1_000,
      alarms: [],
      ran: [],
      work: () => Promise.resolve(),
      rows: () => storage.sql.exec("SELECT name, due_at FROM jobs ORDER BY name").toArray(),
      start: () =>
        new Jobs({
          db,
          setAlarm: (at) => bench.alarms.push(at),
          run: {
            archive: () => run("archive"),
            resolve: () => run("resolve"),
            finalize: () => run("finalize"),
            webhooks: () => run("webhooks"),
            stalls: () => run("stalls"),
            tokens: () => run("tokens"),
            quota: () => run("quota"),
            index: () => run("index"),
            auto_finalize: () => run("auto_finalize"),
            retention: () => run("retention"),
            delete: () => run("delete"),
          },
        }),
    };
    migrate(db);
    await step(bench);
  });
}

test("[K3] the alarm is the earliest job; a later wish does not move it", () =>
  withBench(async (bench) => {
    const jobs = bench.start();
    expect(bench.alarms).toEqual([]);
    jobs.ensure("finalize", 5_000);
    jobs.ensure("archive", 3_000);
    jobs.ensure("archive", 4_000);
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
    bench.start().ensure("archive", 3_000);
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
    jobs.ensure("archive", 3_000);
    bench.alarms.length = 0;
    bench.now = 2_999;
    await jobs.runDue();
    expect(bench.ran).toEqual([]);
    expect(bench.alarms).toEqual([3_000]);
  }));

test("[K3] a job that throws runs again later, and does not keep the other from running", () =>
  withBench(async (bench) => {
    const jobs = bench.start();
    jobs.ensure("archive", 2_000);
    jobs.ensure("finalize", 2_000);
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

test("[K3] a job that asks for its next run gets it; a crash in the middle of one leaves its row", () =>
  withBench(async (bench) => {
    const jobs = bench.start();
    jobs.ensure("archive", 2_000);
    bench.now = 2_000;
    bench.work = () => {
      expect(bench.rows()).toEqual([{ name: "archive", due_at: 2_000 }]);
      jobs.ensure("archive", 7_000);
      return Promise.resolve();
    };
    await jobs.runDue();
    expect(bench.rows()).toEqual([{ name: "archive", due_at: 7_000 }]);
    expect(bench.alarms.at(-1)).toBe(7_000);
  }));
