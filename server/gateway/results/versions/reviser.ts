/**
 * Makes the next version of a result whose session goes on being corrected (F5): changes are gathered for some seconds, then one
 * version is begun, written and stored, one at a time. Where it is stands in SQLite and the room's alarm runs it again, so that no
 * crash loses a change or makes a version twice. The more versions there are, the longer it gathers.
 */
import { backoffMs } from "../../../../schemas/lib/backoff.ts";
import { SingleFlight } from "../../../../schemas/lib/single-flight.ts";
import { describeError, type Log } from "../../../shared/telemetry/log.ts";
import type { Database } from "../../../shared/lib/sql.ts";
import type { EventLog } from "../../events/event-log.ts";
import type { Versions } from "./versions.ts";

/** A change waits this long for others, from the last one; a stream of them is not waited for longer than the second. */
const gatherMs = 3_000;
const maxGatherMs = 30_000;
/** Versions that follow each other without a pause; beyond them it doubles with every ten. */
const freeVersions = 50;
const maxPauseMs = 3_600_000;
const retry = { firstMs: 5_000, maxMs: 300_000, least: "half" } as const;
/** A room that dies in the middle is woken this soon to go on. */
const backstopMs = 60_000;

export interface ReviserDeps {
  readonly db: Database;
  readonly events: EventLog;
  readonly versions: Pick<
    Versions,
    "begin" | "firstChange" | "isPending" | "newestStored" | "setStored" | "unfinished" | "write"
  >;
  /** Whether the first version can be fetched and the session is not being deleted. */
  readonly isWanted: () => boolean;
  /** Asks for `run` at a time in ms since 1970, through the room's alarm. */
  readonly wakeAt: (at: number) => void;
  /** Called inside the step that stores a version. */
  readonly onStored: () => void;
  readonly random: () => number;
  readonly log: Log;
}

export class Reviser {
  readonly #deps: ReviserDeps;
  readonly #flight = new SingleFlight(() => this.#runOrWait());
  #failures = 0;

  constructor(deps: ReviserDeps) {
    this.#deps = deps;
  }

  /** Something changed, or may have: sets the alarm. May be called in a transaction. */
  changed(): void {
    const { isWanted, versions, wakeAt } = this.#deps;
    if (isWanted() && versions.isPending) wakeAt(this.#dueAt());
  }

  /** Makes what is due; joins the run under way. Never rejects. */
  run(): Promise<void> {
    return this.#flight.run();
  }

  async #runOrWait(): Promise<void> {
    const { db, isWanted, log, random, wakeAt } = this.#deps;
    try {
      await this.#next();
      this.#failures = 0;
    } catch (cause) {
      if (!isWanted()) return;
      this.#failures += 1;
      const delay_ms = backoffMs(retry, this.#failures, random());
      log.warn("result.not_revised", { delay_ms, failures: this.#failures, error: describeError(cause) });
      wakeAt(db.now() + delay_ms);
    }
  }

  async #next(): Promise<void> {
    const { db, events, isWanted, onStored, versions, wakeAt } = this.#deps;
    if (!isWanted() || !versions.isPending) return;
    const dueAt = this.#dueAt();
    if (dueAt > db.now()) return wakeAt(dueAt);
    wakeAt(db.now() + backstopMs);
    const row = versions.unfinished ?? db.transaction(() => versions.begin());
    const result = await versions.write(row);
    if (!isWanted()) return;
    db.transaction(() => {
      versions.setStored(row, result);
      events.append({ type: "result.revised", version: row.version, by: "room" });
      onStored();
    });
    this.changed();
  }

  /** When the next version is due, ms since 1970; one that is begun is due now. */
  #dueAt(): number {
    const { db, events, versions } = this.#deps;
    if (versions.unfinished) return db.now();
    const first = timeOf(events, versions.firstChange ?? events.count);
    const last = timeOf(events, events.count);
    const before = versions.newestStored;
    const notBefore = before ? before.made_at + pauseAfter(before.version) : 0;
    return Math.max(notBefore, Math.min(last + gatherMs, first + maxGatherMs));
  }
}

/** How long after the last change of a version the next one may be made. */
export function pauseAfter(version: number): number {
  if (version <= freeVersions) return 0;
  return Math.min(maxPauseMs, gatherMs * 2 ** Math.floor((version - freeVersions) / 10));
}

function timeOf(events: EventLog, eventId: number): number {
  return Date.parse(events.find(eventId)?.at ?? "") || 0;
}
