/**
 * A tenant's lines of the last days, to be read again by session or trace: one object a tenant, so that no tenant's are beside another's.
 * Bounded in lines and in days; a deleted session's go with it (SPEC Z7).
 */
import { DurableObject } from "cloudflare:workers";
import type { TelemetryLine } from "../../../schemas/telemetry.ts";
import { telemetryLineSchema } from "../../../schemas/telemetry.ts";
import type { Env } from "../env.ts";

export const traceLimits = { maxLines: 200_000, keptMs: 7 * 86_400_000, maxPage: 500, lateMs: 900_000 } as const;

export interface TraceAsk {
  readonly sessionId: string;
  /** ms since 1970, both included. */
  readonly from: number;
  readonly to: number;
}

export class TraceLog extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS lines (
         n INTEGER PRIMARY KEY, batch TEXT NOT NULL, place INTEGER NOT NULL, at INTEGER NOT NULL, session_id TEXT, trace_id TEXT,
         body TEXT NOT NULL, UNIQUE (batch, place));
       CREATE INDEX IF NOT EXISTS lines_by_session ON lines (session_id, at);
       DROP INDEX IF EXISTS lines_by_trace;
       CREATE INDEX IF NOT EXISTS lines_of_no_session ON lines (trace_id, at) WHERE session_id IS NULL;
       CREATE TABLE IF NOT EXISTS forgotten (session_id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;`,
    );
  }

  /** Keeps lines, each once however often its batch comes. */
  add(batch: string, lines: readonly TelemetryLine[]): void {
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      sql.exec("DELETE FROM forgotten WHERE at < ?", Date.now() - traceLimits.lateMs);
      const gone = new Set(
        sql
          .exec<{ session_id: string }>("SELECT session_id FROM forgotten")
          .toArray()
          .map((row) => row.session_id),
      );
      for (const [place, line] of lines.entries()) {
        if (line.session_id !== undefined && gone.has(line.session_id)) continue;
        sql.exec(
          "INSERT OR IGNORE INTO lines (batch, place, at, session_id, trace_id, body) VALUES (?, ?, ?, ?, ?, ?)",
          batch,
          place,
          line.at,
          line.session_id ?? null,
          line.trace_id ?? null,
          JSON.stringify(line),
        );
      }
      sql.exec("DELETE FROM lines WHERE n <= (SELECT max(n) FROM lines) - ?", traceLimits.maxLines);
      // By number: the oldest come first, and the rest is not looked at.
      sql.exec(
        "DELETE FROM lines WHERE n IN (SELECT n FROM lines ORDER BY n LIMIT 1000) AND at < ?",
        Date.now() - traceLimits.keptMs,
      );
    });
  }

  /** Lines of a session, and of the traces that it was part of, by time; the first of them where they are too many. */
  read({ sessionId, from, to }: TraceAsk): { readonly lines: TelemetryLine[]; readonly isCut: boolean } {
    const rows = this.ctx.storage.sql
      .exec<{ body: string }>(
        `SELECT body FROM lines WHERE n IN (
           SELECT n FROM lines WHERE session_id = ?1 AND at BETWEEN ?2 AND ?3
           UNION SELECT n FROM lines WHERE at BETWEEN ?2 AND ?3 AND session_id IS NULL AND trace_id IN (
             SELECT trace_id FROM lines WHERE session_id = ?1 AND at BETWEEN ?2 AND ?3 AND trace_id IS NOT NULL)
         ) ORDER BY at, n LIMIT ?4`,
        sessionId,
        from,
        to,
        traceLimits.maxPage + 1,
      )
      .toArray();
    const lines = rows.slice(0, traceLimits.maxPage).map(({ body }) => telemetryLineSchema.parse(JSON.parse(body)));
    return { lines, isCut: rows.length > traceLimits.maxPage };
  }

  forget(sessionId: string): void {
    const { sql } = this.ctx.storage;
    sql.exec("DELETE FROM lines WHERE session_id = ?", sessionId);
    // Lines of what went on meanwhile come a little later.
    sql.exec("INSERT OR REPLACE INTO forgotten (session_id, at) VALUES (?, ?)", sessionId, Date.now());
  }
}
