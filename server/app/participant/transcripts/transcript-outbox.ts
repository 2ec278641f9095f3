/**
 * Transcripts on their way to the backend (SPEC Y9): written in the commit that ends a conversation, and sent until they are taken, the
 * same body under the same key each time. A backend that takes none for three days is given up.
 */
import { backoffMs } from "../../../../schemas/lib/backoff.ts";
import type { Sql } from "../../../shared/lib/sql.ts";
import type { TranscriptTarget } from "../../../shared/config/live-models.ts";

export type TranscriptState = "none" | "waiting" | "posted" | "failed";

/** Sends one. Resolves with whether it was taken; rejects where nobody answers. */
export type PostTranscript = (target: TranscriptTarget, key: string, body: string) => Promise<boolean>;

type Row = { key: string; body: string; attempts: number; due_at: number; since: number };

const tables = `CREATE TABLE IF NOT EXISTS transcripts (
  key TEXT PRIMARY KEY, body TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, due_at INTEGER NOT NULL, since INTEGER NOT NULL)`;
const pauses = { firstMs: 2_000, maxMs: 300_000, least: "half" } as const;
const giveUpMs = 3 * 86_400_000;

export class TranscriptOutbox {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Part of the caller's commit. */
  add(key: string, body: string, now: number): void {
    this.#sql.exec(tables);
    this.#sql.exec(
      "INSERT OR IGNORE INTO transcripts (key, body, state, attempts, due_at, since) VALUES (?, ?, 'waiting', 0, ?, ?)",
      key,
      body,
      now,
      now,
    );
  }

  stateOf(key: string): TranscriptState {
    if (!this.#exists()) return "none";
    const [row] = this.#sql
      .exec<{ state: TranscriptState }>("SELECT state FROM transcripts WHERE key = ?", key)
      .toArray();
    return row?.state ?? "none";
  }

  /** When the next one is to be sent, ms since 1970; undefined where none waits. */
  get dueAt(): number | undefined {
    if (!this.#exists()) return undefined;
    const due = "SELECT min(due_at) AS due_at FROM transcripts WHERE state = 'waiting'";
    return this.#sql.exec<{ due_at: number | null }>(due).one().due_at ?? undefined;
  }

  /** Sends what is due. @returns why any was not taken. */
  async send(target: TranscriptTarget, post: PostTranscript, now: number, random: number): Promise<unknown[]> {
    if (!this.#exists()) return [];
    const due = "SELECT key, body, attempts, due_at, since FROM transcripts WHERE state = 'waiting' AND due_at <= ?";
    const failures: unknown[] = [];
    for (const { key, body, attempts, since } of this.#sql.exec<Row>(due, now).toArray()) {
      try {
        if (await post(target, key, body)) {
          this.#sql.exec("UPDATE transcripts SET state = 'posted' WHERE key = ?", key);
          continue;
        }
        failures.push(new Error("the backend refused it"));
      } catch (cause) {
        failures.push(cause);
      }
      const state = now - since >= giveUpMs ? "failed" : "waiting";
      const dueAt = now + backoffMs(pauses, attempts + 1, random);
      const change = "UPDATE transcripts SET state = ?, attempts = ?, due_at = ? WHERE key = ?";
      this.#sql.exec(change, state, attempts + 1, dueAt, key);
    }
    return failures;
  }

  #exists(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'transcripts'").toArray().length > 0;
  }
}

const timeoutMs = 20_000;

export const postTranscript: PostTranscript = async ({ url, secret }, key, body) => {
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "idempotency-key": key,
      ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
    },
    body,
    // A redirect would take the secret along.
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
  await answer.body?.cancel();
  return answer.ok;
};
