/** Which tracks are to be looked at again, and how far that is: rows, so that it goes on in whatever room wakes next. */
import type { Database } from "../../../shared/lib/sql.ts";
import { stmt } from "../../../shared/lib/stmt.ts";

export interface ReviewRow {
  readonly track: string;
  readonly status: "waiting" | "done" | "failed";
  /** ms since 1970. */
  readonly asked_at: number;
  /** Tries so far, one that is under way included: a room that dies in one has had it. */
  readonly attempts: number;
  /** When it may be tried, ms since 1970. */
  readonly due_at: number;
  /** Why the last try failed. */
  readonly detail: string | null;
}

const columns = "track, status, asked_at, attempts, due_at, detail";
const all = stmt<[], ReviewRow>(`SELECT ${columns} FROM reviews ORDER BY track`);
const find = stmt<[track: string], ReviewRow>(`SELECT ${columns} FROM reviews WHERE track = ?`);
const firstDue = stmt<[], ReviewRow>(
  `SELECT ${columns} FROM reviews WHERE status = 'waiting' ORDER BY due_at, track LIMIT 1`,
);
const save = stmt<
  [track: string, status: ReviewRow["status"], askedAt: number, attempts: number, dueAt: number, detail: string | null]
>(`INSERT OR REPLACE INTO reviews (${columns}) VALUES (?, ?, ?, ?, ?, ?)`);

export class ReviewStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** By track. */
  rows(): ReviewRow[] {
    return all.all(this.#db);
  }

  find(track: string): ReviewRow | undefined {
    return find.first(this.#db, track);
  }

  /** Of those that wait, the one that is due first. */
  next(): ReviewRow | undefined {
    return firstDue.first(this.#db);
  }

  save({ track, status, asked_at, attempts, due_at, detail }: ReviewRow): void {
    save.run(this.#db, track, status, asked_at, attempts, due_at, detail);
  }
}
