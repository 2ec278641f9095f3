/**
 * What rooms said of themselves last, of sessions that are not over, or have something waiting. A session that is over leaves no row:
 * its room says itself what was counted of it before, so that nothing counts twice however late it comes.
 */
import type { MeetingReport, MeetingTotals, TelemetryCount } from "../../../schemas/telemetry.ts";
import { meetingReportSchema } from "../../../schemas/telemetry.ts";
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";

/** Beyond it, those that were heard of longest ago go. */
const maxMeetings = 20_000;

export interface MeetingSums {
  readonly open: number;
  readonly finalizing: number;
  readonly pending: number;
  /** ms since 1970; null where nothing waits. */
  readonly oldest_pending_at: number | null;
  readonly inference_down: number;
  readonly inference_down_since: number | null;
  readonly webhooks_pending: number;
  readonly webhooks_dead: number;
}

export interface TroubledMeeting {
  readonly tenant: string;
  readonly session_id: string;
  readonly pending_chunks: number;
  readonly oldest_pending_at: number | null;
  readonly is_inference_down: boolean;
}

export const meetingTables = `
  CREATE TABLE IF NOT EXISTS meetings (
    tenant TEXT NOT NULL, session_id TEXT NOT NULL, heard_at INTEGER NOT NULL, status TEXT NOT NULL, totals TEXT NOT NULL,
    pending INTEGER NOT NULL, oldest_at INTEGER, down_since INTEGER, webhooks_pending INTEGER NOT NULL, webhooks_dead INTEGER NOT NULL,
    PRIMARY KEY (tenant, session_id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS meetings_by_time ON meetings (heard_at);`;

const find = stmt<[tenant: string, sessionId: string], { totals: string; down_since: number | null }>(
  "SELECT totals, down_since FROM meetings WHERE tenant = ? AND session_id = ?",
);
const put = stmt<
  [
    ...[tenant: string, sessionId: string, heardAt: number, status: string, totals: string, pending: number],
    ...[oldestAt: number | null, downSince: number | null, webhooksPending: number, webhooksDead: number],
  ]
>("INSERT OR REPLACE INTO meetings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
const remove = stmt<[tenant: string, sessionId: string]>("DELETE FROM meetings WHERE tenant = ? AND session_id = ?");
const trim = stmt<[max: number]>(
  `DELETE FROM meetings WHERE (tenant, session_id) IN (SELECT tenant, session_id FROM meetings ORDER BY heard_at
     LIMIT max(0, (SELECT count(*) FROM meetings) - ?))`,
);
const sums = stmt<[], MeetingSums>(
  `SELECT coalesce(sum(status = 'open'), 0) AS open, coalesce(sum(status = 'finalizing'), 0) AS finalizing,
     coalesce(sum(pending), 0) AS pending, min(oldest_at) AS oldest_pending_at, count(down_since) AS inference_down,
     min(down_since) AS inference_down_since, coalesce(sum(webhooks_pending), 0) AS webhooks_pending,
     coalesce(sum(webhooks_dead), 0) AS webhooks_dead FROM meetings`,
);
const troubled = stmt<
  [max: number],
  { tenant: string; session_id: string; pending: number; oldest_at: number | null; down_since: number | null }
>(
  `SELECT tenant, session_id, pending, oldest_at, down_since FROM meetings WHERE pending > 0 OR down_since IS NOT NULL
   ORDER BY coalesce(oldest_at, down_since) LIMIT ?`,
);

const counters = {
  kept: "roomtone_chunks_kept_total",
  duplicate: "roomtone_chunks_duplicate_total",
  rejected: "roomtone_frames_rejected_total",
  archived: "roomtone_chunks_archived_total",
} as const satisfies Record<keyof MeetingTotals, string>;

export class MeetingsStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Takes what a room says now. @returns by how much the installation's counters grow. Part of the caller's transaction. */
  take(report: MeetingReport): TelemetryCount[] {
    const { tenant, session_id: sessionId, totals } = report;
    const row = find.first(this.#db, tenant, sessionId);
    const before = (row && meetingReportSchema.shape.totals.safeParse(JSON.parse(row.totals)).data) ?? report.told;
    this.#keep(report, row?.down_since ?? null);
    const grown = (Object.keys(counters) as (keyof MeetingTotals)[]).map((key) => ({
      name: counters[key],
      labels: [],
      // What comes late makes fewer archived than before: they are counted when they are again.
      value: Math.max(0, totals[key] - before[key]),
    }));
    const bytes = Math.max(0, totals.kept - before.kept) * chunkBytes;
    return [...grown, { name: "roomtone_chunk_bytes_kept_total", labels: [], value: bytes }];
  }

  #keep(report: MeetingReport, downSince: number | null): void {
    const { tenant, session_id: sessionId, status, totals } = report;
    const waits = report.pending_chunks + report.webhooks_pending > 0 || report.is_inference_down;
    if (status === "deleted" || (status === "finalized" && !waits)) {
      remove.run(this.#db, tenant, sessionId);
      return;
    }
    const now = this.#db.now();
    put.run(
      this.#db,
      ...([tenant, sessionId, now, status, JSON.stringify(totals), report.pending_chunks] as const),
      ...([report.oldest_pending_at, report.is_inference_down ? (downSince ?? now) : null] as const),
      ...([report.webhooks_pending, report.webhooks_dead] as const),
    );
    trim.run(this.#db, maxMeetings);
  }

  /** A session that is deleted has nothing waiting any more. */
  forget(tenant: string, sessionId: string): void {
    remove.run(this.#db, tenant, sessionId);
  }

  sums(): MeetingSums {
    return sums.one(this.#db);
  }

  /** Those in which something waits, the longest first. */
  troubled(max: number): TroubledMeeting[] {
    return troubled.all(this.#db, max).map(({ pending, oldest_at, down_since, ...names }) => ({
      ...names,
      pending_chunks: pending,
      oldest_pending_at: oldest_at,
      is_inference_down: down_since !== null,
    }));
  }
}
