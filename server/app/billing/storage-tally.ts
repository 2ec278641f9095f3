/**
 * What a tenant keeps in R2, as entries (SPEC B13): once for each day (UTC) and meeting, its audio as it stands when the day is tallied. A day
 * that was missed is in the next tally, as a guess. Where it stands is written in the commit that records a page, so that a kill neither
 * leaves a meeting out nor counts one twice. Knows the list of meetings by a port.
 */
import type { LedgerEntry } from "../../../schemas/billing/ledger.ts";
import { costOf, storageOffer } from "../../../schemas/billing/prices.ts";
import { SingleFlight } from "../../../schemas/lib/single-flight.ts";
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import { Cooldown } from "../../shared/lib/cooldown.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { describeError, type Log } from "../../shared/telemetry/log.ts";
import { lineOf } from "./sources.ts";
import { dateOf, dayMs, dayOf } from "./usage-sums.ts";

export const tallyLimits = {
  /** Meetings that are read, and recorded, together. */
  pageMeetings: 500,
  maxPagesPerRun: 20,
  /** Of days that were missed, those that are made up for. */
  maxDays: 31,
  maxByteDays: 1_000_000_000_000,
  backoff: { firstMs: 60_000, maxMs: 3_600_000 },
} as const;

export interface KeptMeeting {
  readonly session_id: string;
  readonly kept_seconds: number;
}

/** Meetings that have audio, after one in the order of their ids. May reject. */
export type ReadKept = (after: string, most: number) => Promise<readonly KeptMeeting[]>;

export interface TallyDeps {
  readonly db: Database;
  readonly kept: ReadKept;
  /** Whether it lies on a machine of the deployment: it costs nothing then. */
  readonly isOwnStorage: boolean;
  readonly random: () => number;
  readonly log: Log;
}

const tables = `
  CREATE TABLE IF NOT EXISTS storage_tally (
    one INTEGER PRIMARY KEY CHECK (one = 1), day INTEGER, tallying INTEGER, after TEXT NOT NULL);
  INSERT OR IGNORE INTO storage_tally VALUES (1, NULL, NULL, '')`;

/** `day`: the last one that is tallied; null while nothing is kept. `tallying`: the one under way, and after which meeting it goes on. */
type State = { readonly day: number | null; readonly tallying: number | null; readonly after: string };

export class StorageTally {
  readonly #deps: TallyDeps;
  readonly #record: (entries: readonly LedgerEntry[]) => unknown;
  readonly #cooldown: Cooldown;
  readonly #flight = new SingleFlight(() => this.#run());

  /** @param record part of the transaction that is under way. */
  constructor(deps: TallyDeps, record: (entries: readonly LedgerEntry[]) => unknown) {
    this.#deps = deps;
    this.#record = record;
    this.#cooldown = new Cooldown({ ...tallyLimits.backoff, now: deps.db.now, random: deps.random });
    deps.db.transaction(() => deps.db.sql.exec(tables));
  }

  /** Audio is kept: from the next day on it is tallied. Part of the transaction that records it. */
  begun(): void {
    const { db } = this.#deps;
    db.sql.exec("UPDATE storage_tally SET day = ? WHERE day IS NULL", dayOf(db.now()));
  }

  /** When `run` is to be called, ms since 1970; undefined while nothing is kept. */
  get dueAt(): number | undefined {
    const { day, tallying } = this.#state;
    if (day === null) return undefined;
    const { now } = this.#deps.db;
    // Further ahead than it can be: the clock went backwards.
    const isAhead = day > dayOf(now()) + 1;
    const due = tallying !== null || isAhead ? now() : (day + 1) * dayMs;
    return Math.max(due, this.#cooldown.until);
  }

  /** Records the day's entries. Never rejects for D1's sake. */
  run(): Promise<void> {
    return this.#flight.run();
  }

  get #state(): State {
    return this.#deps.db.sql.exec<State>("SELECT day, tallying, after FROM storage_tally").one();
  }

  #set({ day, tallying, after }: State): void {
    this.#deps.db.sql.exec("UPDATE storage_tally SET day = ?, tallying = ?, after = ?", day, tallying, after);
  }

  async #run(): Promise<void> {
    const { db, kept, log } = this.#deps;
    try {
      for (let pages = 0; pages < tallyLimits.maxPagesPerRun; pages += 1) {
        const state = this.#state;
        const today = dayOf(db.now());
        const target = state.tallying ?? today;
        if (state.day === null || (state.tallying === null && state.day === today)) return;
        const meetings = await kept(state.after, tallyLimits.pageMeetings);
        db.transaction(() => this.#take(state, state.day ?? target, target, meetings));
      }
      this.#cooldown.succeeded();
    } catch (cause) {
      log.warn("billing.not_tallied", { delay_ms: this.#cooldown.failed(), error: describeError(cause) });
    }
  }

  #take(state: State, before: number, target: number, meetings: readonly KeptMeeting[]): void {
    const days = Math.min(Math.max(1, target - before), tallyLimits.maxDays);
    this.#record(meetings.map((meeting) => this.#entry(meeting, target, days)));
    const last = meetings.at(-1);
    if (last && meetings.length === tallyLimits.pageMeetings) {
      return this.#set({ day: state.day, tallying: target, after: last.session_id });
    }
    // With the next second of audio it begins again.
    const isNothingKept = meetings.length === 0 && state.after === "";
    return this.#set({ day: isNothingKept ? null : target, tallying: null, after: "" });
  }

  #entry({ session_id, kept_seconds }: KeptMeeting, day: number, days: number): LedgerEntry {
    const { isOwnStorage } = this.#deps;
    const byteDays = Math.min(kept_seconds * chunkBytes * days, tallyLimits.maxByteDays);
    const cost = costOf(storageOffer, { byte_days: byteDays }, isOwnStorage);
    return {
      event_id: `storage:${dateOf(day)}:${session_id}`,
      at: day * dayMs,
      feature: "storage",
      model: null,
      subject: null,
      session_id: lineOf(session_id),
      quantities: { byte_days: byteDays },
      cost_nano_usd: cost.nanoUsd,
      multiplier: isOwnStorage ? "local" : "cloud",
      price_version: cost.date,
      is_estimated: days > 1,
      meta: {},
    };
  }
}
