/** The index of sessions, seen from outside and from behind. */
import { type SessionsPage, sessionsPageSchema, type SessionSummary } from "../../../schemas/http/sessions.ts";
import { bindings, gateway } from "./bindings.ts";

export async function page(query = ""): Promise<SessionsPage> {
  const answer = await gateway(`/v1/sessions${query}`);
  if (answer.status !== 200) throw new Error(`no list: ${answer.status} ${await answer.text()}`);
  return sessionsPageSchema.parse(await answer.json());
}

/** A session as the list shows it; undefined where it does not. */
export async function listed(sessionId: string): Promise<SessionSummary | undefined> {
  for (let query = "?limit=500"; ;) {
    const { sessions, next_cursor } = await page(query);
    const found = sessions.find(({ session_id }) => session_id === sessionId);
    if (found || next_cursor === null) return found;
    query = `?limit=500&cursor=${next_cursor}`;
  }
}

export interface Planted {
  readonly session_id: string;
  readonly created_at: number;
  readonly status?: string;
  readonly tenant?: string;
  readonly title?: string;
  readonly missing_seconds?: number;
}

/** Puts rows into the index past every room. */
export async function plant(rows: readonly Planted[]): Promise<void> {
  const insert = bindings.DB.prepare(
    `INSERT INTO sessions (tenant, session_id, status, created_at, updated_at, finalized_at, tracks, kept_seconds,
       duration_ms, coverage, title, search, missing_seconds, revision)
     VALUES (?, ?, ?, ?, ?, NULL, 1, 10, 10000, 1, ?, lower(?), ?, 1)`,
  );
  const statements = rows.map(({ session_id, created_at, status = "finalized", tenant = "default", ...row }) =>
    insert.bind(
      tenant,
      session_id,
      status,
      created_at,
      created_at,
      row.title ?? null,
      row.title ?? "",
      row.missing_seconds ?? 0,
    ),
  );
  for (let i = 0; i < statements.length; i += 500) {
    await bindings.DB.batch(statements.slice(i, i + 500));
  }
}
