/** What a captioner keeps: whose meeting it follows, and how far each track is said. Knows no model. */
import { roomName } from "../../../schemas/names.ts";
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
    track TEXT PRIMARY KEY, ms INTEGER NOT NULL, floor REAL NOT NULL, gap_since INTEGER)`;

export class CaptionStore {
  readonly #sql: SqlStorage;

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
    this.#sql.exec(tables);
    this.#sql.exec(
      `INSERT INTO meeting (one, tenant, session_id, is_over) VALUES (1, ?, ?, ?)
       ON CONFLICT (one) DO UPDATE SET is_over = max(is_over, excluded.is_over)`,
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

  save(track: string, { ms, floor, gapSince }: Cursor): void {
    this.#sql.exec("UPDATE cursors SET ms = ?, floor = ?, gap_since = ? WHERE track = ?", ms, floor, gapSince, track);
  }

  #exists(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'meeting'").toArray().length > 0;
  }

  #name(): string {
    const { tenant = "", session_id = "" } = this.followed ?? {};
    return roomName(tenant, session_id);
  }
}
