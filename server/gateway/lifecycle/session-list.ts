/**
 * The index of sessions in D1: a copy that is good for listing and for nothing else. Each session's room is the truth and
 * the only writer of its row; a write that was overtaken on its way changes nothing.
 */
import * as z from "zod";
import type { ListedStatus, SessionsPage, SessionSummary } from "../../../schemas/http/sessions.ts";
import { tryAgain } from "../../shared/d1/try-again.ts";
import type { CursorPlace } from "./session-list-cursor.ts";
import { cursorOf } from "./session-list-cursor.ts";

export interface SessionKey {
  readonly tenant: string;
  readonly sessionId: string;
}

/** A session as the list holds it. Times are ms since 1970. */
export interface ListedSession extends Omit<SessionSummary, "created_at" | "updated_at" | "finalized_at"> {
  readonly created_at: number;
  readonly updated_at: number;
  readonly finalized_at: number | null;
}

/** Which sessions are asked for: those that all of it fits. Times are ms since 1970. */
export interface ListFilters {
  readonly status?: ListedStatus | undefined;
  /** A part of the title, the id or a name; upper and lower case are the same. */
  readonly q?: string | undefined;
  readonly has_gaps?: boolean | undefined;
  readonly archive_behind?: boolean | undefined;
  /** The first time and the one after the last. */
  readonly created_from?: number | undefined;
  readonly created_to?: number | undefined;
}

export interface PageRequest {
  readonly tenant: string;
  readonly filters: ListFilters;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after: CursorPlace | undefined;
}

/** A row as D1 has it: names as a JSON list. */
interface SessionRow extends Omit<ListedSession, "people"> {
  readonly people: string;
}

/** Of a row, in this order. All but the two that name it are written anew with each change. */
const columns = [
  "session_id",
  "status",
  "title",
  "people",
  "created_at",
  "updated_at",
  "finalized_at",
  "tracks",
  "kept_seconds",
  "missing_seconds",
  "overdue_seconds",
  "duration_ms",
  "coverage",
] as const satisfies readonly (keyof SessionRow)[];
const written = [...columns, "search", "revision"];
const changed = written.filter((name) => name !== "session_id").map((name) => `${name} = excluded.${name}`);
const putSql = `INSERT INTO sessions (tenant, ${written.join(", ")}) VALUES (?${", ?".repeat(written.length)})
  ON CONFLICT (tenant, session_id) DO UPDATE SET ${changed.join(", ")} WHERE excluded.revision > sessions.revision`;

export class SessionIndex {
  readonly #db: D1Database;

  constructor(db: D1Database) {
    this.#db = db;
  }

  /** @param revision higher than that of every write before. */
  async put(tenant: string, session: ListedSession, revision: number): Promise<void> {
    const row: SessionRow = { ...session, people: JSON.stringify(session.people) };
    const values = columns.map((name) => row[name]);
    const search = foldedCase([session.title ?? "", ...session.people].join("\n"));
    await this.#db
      .prepare(putSql)
      .bind(tenant, ...values, search, revision)
      .run();
  }

  /** What the list knows of a session that its room may not know any more. */
  async find({ tenant, sessionId }: SessionKey): Promise<Pick<ListedSession, "title" | "created_at"> | undefined> {
    const query = "SELECT title, created_at FROM sessions WHERE tenant = ? AND session_id = ?";
    const found = this.#db.prepare(query).bind(tenant, sessionId);
    const row = await tryAgain(() => found.first<Pick<ListedSession, "title" | "created_at">>());
    return row ?? undefined;
  }

  async remove({ tenant, sessionId }: SessionKey): Promise<void> {
    await this.#db.prepare("DELETE FROM sessions WHERE tenant = ? AND session_id = ?").bind(tenant, sessionId).run();
  }

  /** Newest first; of those of one millisecond, by id. A place in this order stays, whatever comes or goes meanwhile. */
  async page({ tenant, filters, limit, after }: PageRequest): Promise<SessionsPage> {
    const conditions: Condition[] = [["tenant = ?", tenant], ...conditionsOf(filters)];
    if (after) conditions.push(["(created_at, session_id) < (?, ?)", after.created_at, after.session_id]);
    const found = this.#db
      .prepare(
        `SELECT ${columns.join(", ")} FROM sessions WHERE ${conditions.map(([sql]) => sql).join(" AND ")}
         ORDER BY created_at DESC, session_id DESC LIMIT ?`,
      )
      .bind(...conditions.flatMap(([, ...values]) => values), limit + 1);
    const { results } = await tryAgain(() => found.all<SessionRow>());
    const rows = results.slice(0, limit);
    const last = rows.at(-1);
    return {
      sessions: rows.map(summaryOf),
      next_cursor: last && results.length > limit ? cursorOf(last) : null,
    };
  }
}

type Condition = [sql: string, ...values: (string | number)[]];

function conditionsOf(filters: ListFilters): Condition[] {
  const { status, q, has_gaps: hasGaps, archive_behind: isBehind, created_from: from, created_to: to } = filters;
  const conditions: Condition[] = [];
  if (status !== undefined) conditions.push(["status = ?", status]);
  if (from !== undefined) conditions.push(["created_at >= ?", from]);
  if (to !== undefined) conditions.push(["created_at < ?", to]);
  if (hasGaps !== undefined) conditions.push([`missing_seconds ${hasGaps ? ">" : "="} 0`]);
  if (isBehind !== undefined) conditions.push([`overdue_seconds ${isBehind ? ">" : "="} 0`]);
  if (q !== undefined && q !== "") {
    const part = foldedCase(q);
    conditions.push(["(instr(search, ?) > 0 OR instr(lower(session_id), ?) > 0)", part, part]);
  }
  return conditions;
}

/** Written forms that people take for the same, and no case. */
function foldedCase(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

const peopleSchema = z.array(z.string());

function summaryOf(row: SessionRow): SessionSummary {
  return {
    ...row,
    people: peopleSchema.parse(JSON.parse(row.people)),
    created_at: new Date(row.created_at).toISOString(),
    updated_at: new Date(row.updated_at).toISOString(),
    finalized_at: row.finalized_at === null ? null : new Date(row.finalized_at).toISOString(),
  };
}
