/**
 * What the installation knows of itself (SPEC Z5, Z6): counters, what rooms said last, alerts, and lines on their way to a drain. Runs on
 * any `Database`, and knows no platform: whoever holds it sets its alarm to `nextRunAt`.
 */
import type { TelemetryBatch } from "../../../schemas/telemetry.ts";
import type { OperationsConfig } from "../../shared/config/operations.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { conditionsOf, type Known } from "./alert-rules.ts";
import { Alerts, alertTables, type FiringAlert } from "./alerts.ts";
import { LogDrain } from "./log-drain.ts";
import { meetingTables, MeetingsStore, type TroubledMeeting } from "./meetings-store.ts";
import { type Sample, SeriesStore, seriesTables } from "./series-store.ts";
import { StatesStore, stateTables } from "./states-store.ts";

/** How often it is looked whether an alert fires or resolves, while there is anything to look at. */
export const lookEveryMs = 5_000;
const shownMeetings = 20;

export interface MonitorDeps {
  readonly db: Database;
  readonly config: OperationsConfig;
  readonly fetcher: typeof fetch;
  readonly random: () => number;
  /** How much the disk has left, bytes; undefined where there is none. Never rejects. */
  readonly freeBytes: () => Promise<number | undefined>;
}

export interface Health extends Known {
  readonly alerts: readonly FiringAlert[];
  readonly troubled: readonly TroubledMeeting[];
  readonly samples: readonly Sample[];
  /** ms since 1970. */
  readonly at: number;
}

export class Monitor {
  readonly #deps: MonitorDeps;
  readonly #series: SeriesStore;
  readonly #meetings: MeetingsStore;
  readonly #alerts: Alerts;
  readonly #drain: LogDrain;
  readonly #states: StatesStore;
  /** As last looked at. */
  #freeBytes: number | undefined;
  #lookAt: number | undefined;

  constructor(deps: MonitorDeps) {
    this.#deps = deps;
    const { db, fetcher, random } = deps;
    db.sql.exec(`${seriesTables}${meetingTables}${stateTables}${alertTables}`);
    this.#series = new SeriesStore(db);
    this.#meetings = new MeetingsStore(db);
    this.#states = new StatesStore(db);
    this.#alerts = new Alerts(db, fetcher, random);
    this.#drain = new LogDrain({
      fetcher,
      now: db.now,
      random,
      onDropped: (value) => this.#series.add({ name: "roomtone_log_lines_dropped_total", labels: ["drain"], value }),
    });
    // Whatever was so before a restart is looked at again.
    this.#lookAt = db.now();
  }

  /** Takes a batch; one that comes again changes nothing. */
  take({ id, counts, lines, meeting }: TelemetryBatch): void {
    const { db, config } = this.#deps;
    const isNew = db.transaction(() => {
      if (!this.#series.note(id)) return false;
      for (const count of counts) this.#series.add(count);
      this.#series.addToMinute(counts);
      for (const count of meeting ? this.#meetings.take(meeting) : []) this.#series.add(count);
      if (meeting) this.#states.takeReport(meeting);
      this.#states.takeCircuits(lines);
      return true;
    });
    if (!isNew) return;
    if (config.LOG_DRAIN_URL !== undefined) this.#drain.add(lines);
    this.#lookAt ??= db.now() + lookEveryMs;
  }

  /** Whether a meeting's captions are behind, and since when. */
  takeCaptions(tenant: string, sessionId: string, since: number | null): void {
    this.#states.takeCaptions(tenant, sessionId, since);
    this.#lookAt ??= this.#deps.db.now() + lookEveryMs;
  }

  forget(tenant: string, sessionId: string): void {
    this.#states.forget(tenant, sessionId);
    this.#meetings.forget(tenant, sessionId);
  }

  health(): Health {
    const { db } = this.#deps;
    return {
      ...this.#known(),
      alerts: this.#alerts.firing(),
      troubled: this.#meetings.troubled(shownMeetings),
      samples: this.#series.samples(),
      at: db.now(),
    };
  }

  /** When `run` is to be called, ms since 1970; undefined while there is nothing to look at. */
  get nextRunAt(): number | undefined {
    const { ALERT_WEBHOOK_URL: told } = this.#deps.config;
    const dates = [this.#lookAt, told === undefined ? undefined : this.#alerts.nextDueAt, this.#drain.nextDueAt];
    const known = dates.filter((at) => at !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /** Looks at the alerts, and posts what is to be posted. Never rejects for the sake of who is posted to. */
  async run(): Promise<void> {
    const { config } = this.#deps;
    await this.#look();
    const { LOG_DRAIN_URL: drain, LOG_DRAIN_TOKEN: drainToken } = config;
    const { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_TOKEN: token } = config;
    await Promise.all([
      drain === undefined ? undefined : this.#drain.post(drain, drainToken),
      url === undefined ? undefined : this.#alerts.post({ url, token }),
    ]);
  }

  async #look(): Promise<void> {
    const { db, config, freeBytes } = this.#deps;
    if (this.#lookAt === undefined || this.#lookAt > db.now()) return;
    this.#freeBytes = await freeBytes();
    const known = this.#known();
    const { sums, rates, states } = known;
    this.#alerts.evaluate(conditionsOf(known, config, db.now()), config.ALERT_WEBHOOK_URL !== undefined);
    const mayChange =
      sums.oldest_pending_at !== null ||
      sums.inference_down > 0 ||
      states.captions_behind > 0 ||
      states.webhooks_failing > 0 ||
      rates.store !== undefined ||
      rates.requests + rates.storage_full > 0;
    this.#lookAt = mayChange || this.#alerts.firing().length > 0 ? db.now() + lookEveryMs : undefined;
  }

  #known(): Known {
    return {
      sums: this.#meetings.sums(),
      rates: this.#series.rates(),
      states: this.#states.states(),
      freeBytes: this.#freeBytes,
    };
  }
}
