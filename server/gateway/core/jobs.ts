/**
 * Named alarms over the one that a room has. A job is a row before it is an alarm, so it survives anything;
 * the platform's alarm is always the earliest row. A job runs at least once: its work must bear repeating.
 */
import type { Database } from "../../shared/lib/sql.ts";
import { TimeoutError, withTimeout } from "../../shared/lib/timeout.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";

export type JobName =
  | "archive"
  | "resolve"
  | "finalize"
  | "webhooks"
  | "stalls"
  | "tokens"
  | "index"
  | "quota"
  | "auto_finalize"
  | "retention"
  | "delete";

/** When a job that threw is tried again. */
const retryMs = 5_000;
/** The platform ends an alarm handler after 15 minutes. */
const maxRunMs = 300_000;

export interface JobsDeps {
  readonly db: Database;
  /** Sets the room's one alarm; part of the same commit as the SQL around it. */
  readonly setAlarm: (at: number) => void;
  readonly run: Readonly<Record<JobName, () => Promise<void>>>;
}

export class Jobs {
  readonly #deps: JobsDeps;
  /** Due times by name, ms since 1970: the rows of `jobs`, written through. */
  readonly #due = new Map<JobName, number>();
  #only: JobName | undefined;

  constructor(deps: JobsDeps) {
    this.#deps = deps;
    for (const row of deps.db.sql.exec<{ name: string; due_at: number }>("SELECT name, due_at FROM jobs")) {
      if (row.name in deps.run) this.#due.set(row.name as JobName, row.due_at);
    }
    // The platform gives an alarm up after six failures; the rows do not.
    this.#arm();
  }

  /** Makes sure that the job runs at `at` or earlier. */
  ensure(name: JobName, at: number): void {
    if (this.#only !== undefined && name !== this.#only) return;
    const due = this.#due.get(name);
    if (due !== undefined && due <= at) return;
    this.#write(name, at);
    this.#arm();
  }

  /** Whether the job is to run some time. */
  has(name: JobName): boolean {
    return this.#due.has(name);
  }

  /** From now on there is this job alone: what the others would do is no longer wanted. */
  keepOnly(name: JobName): void {
    this.#only = name;
    this.#deps.db.sql.exec("DELETE FROM jobs WHERE name <> ?", name);
    for (const other of this.#due.keys()) if (other !== name) this.#due.delete(other);
  }

  /** Runs what is due. Called by the room's alarm; never rejects. */
  async runDue(): Promise<void> {
    const now = this.#deps.db.now();
    const due = [...this.#due].filter(([, at]) => at <= now).map(([name]) => name);
    await Promise.all(due.map((name) => this.#run(name)));
    this.#arm();
  }

  async #run(name: JobName): Promise<void> {
    // Off the list, so that the job can ask for its next run; its row goes only after the work is done, or it
    // would be lost with a crash in the middle.
    this.#due.delete(name);
    try {
      await withTimeout(this.#deps.run[name](), maxRunMs, name);
      if (!this.#due.has(name)) this.#deps.db.sql.exec("DELETE FROM jobs WHERE name = ?", name);
    } catch (cause) {
      // After a timeout the work goes on, and the next run joins it.
      if (!(cause instanceof TimeoutError)) log.error("job.failed", { job: name, error: describeError(cause) });
      this.ensure(name, this.#deps.db.now() + retryMs);
    }
  }

  #arm(): void {
    if (this.#due.size > 0) this.#deps.setAlarm(Math.min(...this.#due.values()));
  }

  #write(name: JobName, at: number): void {
    this.#deps.db.sql.exec("INSERT OR REPLACE INTO jobs (name, due_at) VALUES (?, ?)", name, at);
    this.#due.set(name, at);
  }
}
