/**
 * The index of sessions in D1: a copy that is good for listing and for nothing else. Each session's room is the truth and
 * the only writer of its row; a write that was overtaken on its way changes nothing.
 */
import type { ListedStatus, SessionsPage, SessionSummary } from "../../../schemas/http/sessions.ts";
import type { CursorPlace } from "./session-list-cursor.ts";
import { cursorOf } from "./session-list-cursor.ts";

export interface SessionKey {
  readonly tenant: string;
  readonly sessionId: string;
}

/** A row of `sessions`. Times are ms since 1970. */
export interface SessionRow {
  readonly session_id: string;
  readonly status: ListedStatus;
  readonly created_at: number;
  readonly updated_at: number;
  readonly finalized_at: number | null;
  readonly tracks: number;
  readonly kept_seconds: number;
  readonly duration_ms: number;
  readonly coverage: number;
}

export interface PageRequest {
  readonly tenant: string;
  readonly status: ListedStatus | undefined;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after: CursorPlace | undefined;
}

const columns = "session_id, status, created_at, updated_at, finalized_at, tracks, kept_seconds, duration_ms, coverage";

export class SessionIndex {
  readonly #db: D1Database;

  constructor(db: D1Database) {
    this.#db = db;
  }

  /** @param revision higher than that of every write before. */
  async put(tenant: string, row: SessionRow, revision: number): Promise<void> {
    await this.#db
      .prepare(
        `INSERT INTO sessions (tenant, ${columns}, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (tenant, session_id) DO UPDATE SET
           status = excluded.status, created_at = excluded.created_at, updated_at = excluded.updated_at,
           finalized_at = excluded.finalized_at, tracks = excluded.tracks, kept_seconds = excluded.kept_seconds,
           duration_ms = excluded.duration_ms, coverage = excluded.coverage, revision = excluded.revision
         WHERE excluded.revision > sessions.revision`,
      )
      .bind(
        tenant,
        row.session_id,
        row.status,
        row.created_at,
        row.updated_at,
        row.finalized_at,
        row.tracks,
        row.kept_seconds,
        row.duration_ms,
        row.coverage,
        revision,
      )
      .run();
  }

  async remove({ tenant, sessionId }: SessionKey): Promise<void> {
    await this.#db.prepare("DELETE FROM sessions WHERE tenant = ? AND session_id = ?").bind(tenant, sessionId).run();
  }

  /** Newest first; of those of one millisecond, by id. A place in this order stays, whatever comes or goes meanwhile. */
  async page({ tenant, status, limit, after }: PageRequest): Promise<SessionsPage> {
    const conditions = ["tenant = ?"];
    const values: (string | number)[] = [tenant];
    if (status !== undefined) {
      conditions.push("status = ?");
      values.push(status);
    }
    if (after) {
      conditions.push("(created_at, session_id) < (?, ?)");
      values.push(after.created_at, after.session_id);
    }
    const { results } = await this.#db
      .prepare(
        `SELECT ${columns} FROM sessions WHERE ${conditions.join(" AND ")} ORDER BY created_at DESC, session_id DESC LIMIT ?`,
      )
      .bind(...values, limit + 1)
      .all<SessionRow>();
    const rows = results.slice(0, limit);
    const last = rows.at(-1);
    return {
      sessions: rows.map(summaryOf),
      next_cursor: last && results.length > limit ? cursorOf(last) : null,
    };
  }
}

function summaryOf(row: SessionRow): SessionSummary {
  return {
    ...row,
    created_at: new Date(row.created_at).toISOString(),
    updated_at: new Date(row.updated_at).toISOString(),
    finalized_at: row.finalized_at === null ? null : new Date(row.finalized_at).toISOString(),
  };
}
