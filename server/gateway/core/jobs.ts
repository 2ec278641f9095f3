/**
 * Named alarms over the one that a room has. A job is a row before it is an alarm, so it survives anything;
 * the platform's alarm is always the earliest row. A job runs at least once: its work must bear repeating.
 *
 * Which jobs there are, the room's parts say. A row whose name no part knows is left alone: the version that wrote it may
 * come back.
 */
import { cached, type Cached } from "../../shared/lib/cached.ts";
import { Cooldown } from "../../shared/lib/cooldown.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import { TimeoutError, withTimeout } from "../../../schemas/lib/timeout.ts";
import { describeError, type Log } from "../../shared/telemetry/log.ts";

/** How long a job that threw is left alone, longer after each time in a row; one that was asked for runs nevertheless. */
const retry = { firstMs: 5_000, maxMs: 300_000 } as const;
/** When what takes too long is looked at again. */
const rejoinMs = 5_000;
/** The platform ends an alarm handler after 15 minutes. */
const maxRunMs = 300_000;

const allJobs = stmt<[], { name: string; due_at: number }>("SELECT name, due_at FROM jobs");
const saveJob = stmt<[name: string, dueAt: number]>("INSERT OR REPLACE INTO jobs (name, due_at) VALUES (?, ?)");
const removeJob = stmt<[name: string]>("DELETE FROM jobs WHERE name = ?");
const removeOthers = stmt<[names: string]>("DELETE FROM jobs WHERE name NOT IN (SELECT value FROM json_each(?))");

export interface JobsDeps {
  readonly db: Database;
  /** Sets the room's one alarm; part of the same commit as the SQL around it. */
  readonly setAlarm: (at: number) => void;
  readonly log: Log;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** The work of all parts. */
export interface JobList {
  readonly run: ReadonlyMap<string, () => Promise<void>>;
  /** The jobs that a session has after its deletion, too. */
  readonly lasting: readonly string[];
}

export class Jobs {
  readonly #deps: JobsDeps;
  /** Due times by name, ms since 1970, of the jobs that are known. A job that runs now is not among them. */
  readonly #due: Cached<Map<string, number>>;
  /** Of the jobs that threw when they last ran; no more than there are jobs. */
  readonly #cooldowns = new Map<string, Cooldown>();
  /** When the platform's alarm goes off; undefined where that is not known, or it has gone off. Each setting is billed as a row. */
  readonly #armedAt: Cached<number | undefined>;
  #list: JobList = { run: new Map(), lasting: [] };
  #isOver = false;
  /** Settles when nobody else works on the room's file. */
  #still: Promise<unknown> = Promise.resolve();

  constructor(deps: JobsDeps) {
    this.#deps = deps;
    this.#armedAt = cached(deps.db, () => undefined);
    this.#due = cached(deps.db, () => {
      const rows = allJobs.all(deps.db).filter(({ name }) => this.#list.run.has(name));
      return new Map(rows.map(({ name, due_at }) => [name, due_at]));
    });
  }

  /** Call once, when all parts are made. */
  start(list: JobList): void {
    this.#list = list;
    this.#due.forget();
    // The platform gives an alarm up after six failures; the rows do not.
    this.#arm();
  }

  /** Makes sure that the job runs at `at`, ms since 1970, or earlier. */
  at(name: string, at: number): void {
    if (this.#isOver && !this.#list.lasting.includes(name)) return;
    if (!this.#list.run.has(name)) throw new Error(`jobs: no part has a job "${name}"`);
    const due = this.#due.get().get(name);
    if (due !== undefined && due <= at) return;
    saveJob.run(this.#deps.db, name, at);
    this.#due.get().set(name, at);
    this.#arm();
  }

  /** Whether the job is to run some time. */
  has(name: string): boolean {
    return this.#due.get().has(name);
  }

  /** The session is being deleted: from now on there are the lasting jobs alone. */
  keepLasting(): void {
    const { lasting } = this.#list;
    removeOthers.run(this.#deps.db, JSON.stringify(lasting));
    this.#isOver = true;
    for (const name of this.#due.get().keys()) if (!lasting.includes(name)) this.#due.get().delete(name);
  }

  /**
   * Does what somebody else has to do with the room's file, which SQLite locks meanwhile. No job begins until then, and the row of one
   * that ends stays as it is: a write would fail, and the room with it.
   */
  still(work: () => Promise<void>): Promise<void> {
    const done = work();
    this.#still = Promise.allSettled([this.#still, done]);
    return done;
  }

  /** Runs what is due. Called by the room's alarm; never rejects. */
  async runDue(): Promise<void> {
    this.#armedAt.forget();
    await this.#still;
    const now = this.#deps.db.now();
    const due = [...this.#due.get()].filter(([, at]) => at <= now).map(([name]) => name);
    await Promise.all(due.map((name) => this.#run(name)));
    await this.#still;
    this.#arm();
  }

  async #run(name: string): Promise<void> {
    const { db, log } = this.#deps;
    // Off the list, so that the job can ask for its next run; its row goes only after the work is done, or it
    // would be lost with a crash in the middle.
    this.#due.get().delete(name);
    try {
      await withTimeout(this.#list.run.get(name)?.() ?? Promise.resolve(), maxRunMs, name);
      await this.#still;
      this.#cooldowns.delete(name);
      if (!this.has(name)) removeJob.run(db, name);
    } catch (cause) {
      await this.#still;
      // After a timeout the work goes on, and the next run joins it.
      if (cause instanceof TimeoutError) return this.at(name, db.now() + rejoinMs);
      const delay_ms = this.#cooldownOf(name).failed();
      log.error("job.failed", { job: name, delay_ms, error: describeError(cause) });
      this.at(name, db.now() + delay_ms);
    }
  }

  #cooldownOf(name: string): Cooldown {
    const { db, random } = this.#deps;
    const cooldown = this.#cooldowns.get(name) ?? new Cooldown({ ...retry, now: db.now, random });
    this.#cooldowns.set(name, cooldown);
    return cooldown;
  }

  #arm(): void {
    const due = [...this.#due.get().values()];
    if (due.length === 0) return;
    const [at, armedAt] = [Math.min(...due), this.#armedAt.get()];
    // One that goes off early runs nothing, and is set again.
    if (armedAt !== undefined && armedAt <= at) return;
    this.#deps.setAlarm(at);
    this.#armedAt.set(at);
  }
}
