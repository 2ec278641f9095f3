/**
 * What one tenant uses: how many of its sessions are open, and how many seconds of audio they stored today. Over SQLite;
 * `tenant-quota.ts` puts it into a Durable Object.
 *
 * A session is `taken` (somebody was promised a slot for it), `open` (its room said that it exists) or `closed`. It only ever
 * moves forward, and its seconds are reported as totals, which only grow. So no call needs a number of its own: one that is
 * repeated, or overtaken on its way, finds its work done. What is left of a closed session is one row, for a day: far longer
 * than a call can be late.
 *
 * Rows: one for each open session, one for each that closed within a day, three days of usage.
 */
import { slotClosedMs, slotUnconfirmedMs } from "../config/timings.ts";
import type { Database } from "../lib/sql.ts";
import { dayName, dayOf, dayStart, type LeaseAnswer, type LeaseRequest, reserve, unused } from "./reservation.ts";
import type { SlotAnswer, TenantUsage } from "./tenant-usage.ts";

const schema = `
  CREATE TABLE IF NOT EXISTS sessions (
    session_id TEXT PRIMARY KEY,
    -- taken, open or closed.
    state TEXT NOT NULL,
    -- When it entered that state, ms since 1970.
    at INTEGER NOT NULL,
    -- Total seconds counted for it.
    reserved INTEGER NOT NULL,
    -- The last day on which some were counted, in days since 1970, and how many on that day.
    day INTEGER NOT NULL,
    day_seconds INTEGER NOT NULL
  ) WITHOUT ROWID;
  -- Apart and partial, so that an open session's lease writes one row.
  CREATE INDEX IF NOT EXISTS sessions_taken ON sessions (at) WHERE state = 'taken';
  CREATE INDEX IF NOT EXISTS sessions_closed ON sessions (at) WHERE state = 'closed';
  CREATE TABLE IF NOT EXISTS days (day INTEGER PRIMARY KEY, seconds INTEGER NOT NULL);
  -- How many sessions are taken or open: counting them would read every row.
  CREATE TABLE IF NOT EXISTS slots (one INTEGER PRIMARY KEY CHECK (one = 1), used INTEGER NOT NULL);
  INSERT OR IGNORE INTO slots (one, used) VALUES (1, 0);`;

interface SessionRow extends Record<string, SqlStorageValue> {
  state: "taken" | "open" | "closed";
  reserved: number;
  day: number;
  day_seconds: number;
}

export class QuotaStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
    db.sql.exec(schema);
  }

  /** Takes a slot for a session that has none. One that has a slot, or is closed (which its room will say), is fine. */
  openSession(sessionId: string, limit: number | null): SlotAnswer {
    return this.#db.transaction(() => {
      this.#dropUnconfirmed();
      const state = this.#session(sessionId)?.state;
      if (state === "open" || state === "closed") return { ok: true };
      if (state === "taken") this.#setState(sessionId, "taken");
      else if (limit !== null && this.#slotsUsed() >= limit) return { ok: false };
      else this.#add(sessionId, "taken");
      return { ok: true };
    });
  }

  /** The room of the session says that it is open: it has a slot now, whatever the limit. */
  confirmSession(sessionId: string): void {
    this.#db.transaction(() => {
      this.#confirmed(sessionId);
    });
  }

  /**
   * Frees the session's slot, counts what it stored beyond its reservation, and gives back what was reserved today and not
   * stored. For good: a closed session stays so.
   */
  closeSession(sessionId: string, storedTotal: number): void {
    mustBeSeconds(storedTotal);
    this.#db.transaction(() => {
      const row = this.#session(sessionId);
      if (!row) {
        // Closed long ago, as one is that is deleted after its retention: its seconds are another day's.
        this.#add(sessionId, "closed", storedTotal);
        return;
      }
      const today = dayOf(this.#db.now());
      const debt = Math.max(0, storedTotal - row.reserved);
      const back = row.state === "closed" || row.day !== today ? 0 : unused(row.reserved, storedTotal, row.day_seconds);
      if (debt !== back) this.#count(sessionId, row, today, debt - back);
      if (row.state === "closed") return;
      this.#setState(sessionId, "closed");
      this.#moveSlots(-1);
    });
  }

  /** Reserves audio for the session, as far as the quota goes. It is open, or it could not ask. */
  lease(sessionId: string, request: LeaseRequest): LeaseAnswer {
    mustBeSeconds(request.storedTotal);
    mustBeSeconds(request.wanted);
    return this.#db.transaction(() => {
      const now = this.#db.now();
      const today = dayOf(now);
      const row = this.#confirmed(sessionId);
      if (row.state === "closed") return { upTo: row.reserved, isExhausted: false, retryAfterMs: 0 };
      const usedBefore = this.#secondsOn(today);
      const { counted, isExhausted } = reserve(row.reserved, usedBefore, request);
      if (counted > 0) this.#count(sessionId, row, today, counted);
      const retryAfterMs = isExhausted ? dayStart(today + 1) - now : 0;
      return { upTo: row.reserved + counted, isExhausted, retryAfterMs, usedToday: usedBefore + counted };
    });
  }

  usage(): TenantUsage {
    return this.#db.transaction(() => {
      this.#dropUnconfirmed();
      const today = dayOf(this.#db.now());
      return { day: dayName(today), seconds: this.#secondsOn(today), openSessions: this.#slotsUsed() };
    });
  }

  /** Deletes rows that are over. @returns whether rows are left that will be over some day. */
  sweep(): boolean {
    return this.#db.transaction(() => {
      const now = this.#db.now();
      const today = dayOf(now);
      this.#dropUnconfirmed();
      this.#db.sql.exec("DELETE FROM sessions WHERE state = 'closed' AND at <= ?", now - slotClosedMs);
      // Tomorrow stays: a clock that flickers around midnight must not begin a day twice.
      this.#db.sql.exec("DELETE FROM days WHERE day < ? OR day > ?", today - 1, today + 1);
      return this.#db.sql
        .exec<{ n: number }>(
          `SELECT EXISTS (SELECT 1 FROM days)
               OR EXISTS (SELECT 1 FROM sessions WHERE state = 'closed')
               OR EXISTS (SELECT 1 FROM sessions WHERE state = 'taken') AS n`,
        )
        .toArray()
        .some(({ n }) => n === 1);
    });
  }

  // ---- slots

  /** The session's row, open unless it is closed. */
  #confirmed(sessionId: string): SessionRow {
    const row = this.#session(sessionId);
    if (!row) return this.#add(sessionId, "open");
    if (row.state === "taken") this.#setState(sessionId, "open");
    return row;
  }

  /** Frees slots that no room spoke up for. One taken long after now was taken by a clock that went backwards since. */
  #dropUnconfirmed(): void {
    const now = this.#db.now();
    const dropped = this.#db.sql
      .exec(
        "DELETE FROM sessions WHERE state = 'taken' AND (at <= ? OR at > ?) RETURNING session_id",
        now - slotUnconfirmedMs,
        now + slotUnconfirmedMs,
      )
      .toArray().length;
    if (dropped > 0) this.#moveSlots(-dropped);
  }

  #session(sessionId: string): SessionRow | undefined {
    return this.#db.sql
      .exec<SessionRow>("SELECT state, reserved, day, day_seconds FROM sessions WHERE session_id = ?", sessionId)
      .toArray()[0];
  }

  #add(sessionId: string, state: SessionRow["state"], reserved = 0): SessionRow {
    const { sql, now } = this.#db;
    sql.exec("INSERT INTO sessions VALUES (?, ?, ?, ?, 0, 0)", sessionId, state, now(), reserved);
    if (state !== "closed") this.#moveSlots(1);
    return { state, reserved, day: 0, day_seconds: 0 };
  }

  #setState(sessionId: string, state: SessionRow["state"]): void {
    this.#db.sql.exec("UPDATE sessions SET state = ?, at = ? WHERE session_id = ?", state, this.#db.now(), sessionId);
  }

  #slotsUsed(): number {
    return this.#db.sql.exec<{ used: number }>("SELECT used FROM slots").one().used;
  }

  #moveSlots(by: number): void {
    this.#db.sql.exec("UPDATE slots SET used = used + ?", by);
  }

  // ---- seconds

  #secondsOn(day: number): number {
    const [row] = this.#db.sql.exec<{ seconds: number }>("SELECT seconds FROM days WHERE day = ?", day).toArray();
    return row?.seconds ?? 0;
  }

  /** Counts seconds of the session on a day, or takes some back. */
  #count(sessionId: string, row: SessionRow, day: number, seconds: number): void {
    this.#db.sql.exec(
      `INSERT INTO days (day, seconds) VALUES (?1, max(0, ?2))
       ON CONFLICT (day) DO UPDATE SET seconds = max(0, seconds + ?2)`,
      day,
      seconds,
    );
    this.#db.sql.exec(
      "UPDATE sessions SET reserved = ?, day = ?, day_seconds = ? WHERE session_id = ?",
      row.reserved + seconds,
      day,
      seconds + (row.day === day ? row.day_seconds : 0),
      sessionId,
    );
  }
}

/** A bug of the caller's: it would spoil the account for a day. */
function mustBeSeconds(value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a number of seconds: ${value}`);
}
