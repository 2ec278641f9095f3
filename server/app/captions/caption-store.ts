/** What a captioner keeps: whose meeting it follows, and how far each track is said. Knows no model. */
import { roomName } from "../../../schemas/names.ts";
import { heardStretchSchema, type HeardStretch } from "../../../schemas/speech/utterances.ts";
import { firstFloor } from "../hearing/cutter.ts";
import type { Cursor } from "../hearing/follow-track.ts";

export interface Followed {
  readonly tenant: string;
  readonly session_id: string;
  /** Whether the meeting is finalized: nothing is kept any more. */
  readonly isOver: boolean;
}

type MeetingRow = { tenant: string; session_id: string; is_over: number };
type CursorRow = { track: string; ms: number; floor: number; gap_since: number | null };

const tables = `
  CREATE TABLE IF NOT EXISTS meeting (
    one INTEGER PRIMARY KEY CHECK (one = 1), tenant TEXT NOT NULL, session_id TEXT NOT NULL, is_over INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS cursors (
    track TEXT PRIMARY KEY, ms INTEGER NOT NULL, floor REAL NOT NULL, gap_since INTEGER);
  -- A row while somebody was told that captions are behind, and not yet that they are not.
  CREATE TABLE IF NOT EXISTS lag_told (one INTEGER PRIMARY KEY CHECK (one = 1));
  CREATE TABLE IF NOT EXISTS partials (track TEXT NOT NULL, start_ms INTEGER NOT NULL, PRIMARY KEY (track, start_ms));
  CREATE TABLE IF NOT EXISTS early (track TEXT NOT NULL, from_ms INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (track, from_ms))`;

export class CaptionStore {
  readonly #sql: SqlStorage;
  #isOpen = false;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Undefined where it never followed one. */
  get followed(): Followed | undefined {
    if (!this.#exists()) return undefined;
    const [row] = this.#sql.exec<MeetingRow>("SELECT tenant, session_id, is_over FROM meeting").toArray();
    return row && { tenant: row.tenant, session_id: row.session_id, isOver: row.is_over === 1 };
  }

  get tracks(): string[] {
    return this.cursors.map(({ track }) => track);
  }

  get cursors(): { readonly track: string; readonly ms: number }[] {
    if (!this.#exists()) return [];
    return this.#sql.exec<CursorRow>("SELECT * FROM cursors ORDER BY track").toArray();
  }

  /** Notes tracks that there are. An end stays one. */
  follow({ tenant, session_id, isOver }: Followed, tracks: readonly string[]): void {
    if (!this.#isOpen) this.#open();
    this.#sql.exec(
      `INSERT INTO meeting (one, tenant, session_id, is_over) VALUES (1, ?, ?, ?)
       ON CONFLICT (one) DO UPDATE SET is_over = 1 WHERE is_over < excluded.is_over`,
      tenant,
      session_id,
      isOver ? 1 : 0,
    );
    for (const track of tracks) {
      this.#sql.exec("INSERT OR IGNORE INTO cursors (track, ms, floor) VALUES (?, 0, ?)", track, firstFloor);
    }
  }

  cursor(track: string): Cursor {
    const [row] = this.#sql.exec<CursorRow>("SELECT * FROM cursors WHERE track = ?", track).toArray();
    if (!row) throw new Error(`no track ${track} is followed in ${this.#name()}`);
    return { ms: row.ms, floor: row.floor, gapSince: row.gap_since };
  }

  /** Moves a cursor. What stands before it has its final. @param early a piece that is to be settled. */
  save(track: string, { ms, floor, gapSince }: Cursor, early?: HeardStretch): void {
    this.#sql.exec("UPDATE cursors SET ms = ?, floor = ?, gap_since = ? WHERE track = ?", ms, floor, gapSince, track);
    this.#sql.exec("DELETE FROM partials WHERE track = ? AND start_ms < ?", track, ms);
    if (early)
      this.#sql.exec("INSERT OR REPLACE INTO early VALUES (?, ?, ?)", track, early.from_ms, JSON.stringify(early));
  }

  /** Where the first partial of a stretch begins. */
  partialIn(track: string, fromMs: number, toMs: number): number | null {
    const found = this.#sql.exec<{ start_ms: number | null }>(
      "SELECT min(start_ms) AS start_ms FROM partials WHERE track = ? AND start_ms >= ? AND start_ms < ?",
      track,
      fromMs,
      toMs,
    );
    return found.one().start_ms;
  }

  notePartial(track: string, startMs: number): void {
    this.#sql.exec("INSERT OR IGNORE INTO partials VALUES (?, ?)", track, startMs);
  }

  /** Where partials stand that have no final yet. */
  get partials(): { readonly track: string; readonly start_ms: number }[] {
    return this.#sql
      .exec<{ track: string; start_ms: number }>("SELECT * FROM partials ORDER BY track, start_ms")
      .toArray();
  }

  /** All of them were taken back. */
  forgetPartials(): void {
    this.#sql.exec("DELETE FROM partials");
  }

  /** The first piece of a track that was said early and is not settled. */
  firstEarly(track: string): HeardStretch | undefined {
    const [row] = this.#sql
      .exec<{ body: string }>("SELECT body FROM early WHERE track = ? ORDER BY from_ms LIMIT 1", track)
      .toArray();
    return row && heardStretchSchema.parse(JSON.parse(row.body));
  }

  settled({ track, from_ms }: HeardStretch): void {
    this.#sql.exec("DELETE FROM early WHERE track = ? AND from_ms = ?", track, from_ms);
  }

  get isLagTold(): boolean {
    return this.#exists() && this.#sql.exec("SELECT 1 FROM lag_told").toArray().length > 0;
  }

  noteLag(isTold: boolean): void {
    if (!this.#exists()) return;
    this.#sql.exec(isTold ? "INSERT OR IGNORE INTO lag_told VALUES (1)" : "DELETE FROM lag_told");
  }

  /** Everything of it was deleted. */
  forgotten(): void {
    this.#isOpen = false;
  }

  #exists(): boolean {
    if (this.#isOpen) return true;
    const isThere = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'meeting'").toArray().length > 0;
    if (isThere) this.#open();
    return isThere;
  }

  /** Tables that an earlier version did not have are made as well. */
  #open(): void {
    this.#sql.exec(tables);
    this.#isOpen = true;
  }

  #name(): string {
    const { tenant = "", session_id = "" } = this.followed ?? {};
    return roomName(tenant, session_id);
  }
}
