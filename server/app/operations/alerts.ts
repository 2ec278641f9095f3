/**
 * Alerts: each fires once when what it goes by is so, and resolves once when it is no longer, whoever restarts in between. What is to be
 * said is a row in the same commit, and is posted until it is taken, for a day.
 */
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import { backoffMs } from "../../../schemas/lib/backoff.ts";
import { deadlineIn } from "../../../schemas/lib/timeout.ts";
import { log } from "../../shared/telemetry/log.ts";
import { type AlertName, alertNames, type Condition } from "./alert-rules.ts";

const tries = { firstMs: 2_000, maxMs: 600_000, givenUpAfterMs: 86_400_000, timeoutMs: 10_000 } as const;
/** The newest count: who was not told of a hundred alerts wants to know what is so now. */
const maxNotices = 100;

export interface FiringAlert {
  readonly alert: string;
  /** ms since 1970. */
  readonly since: number;
  readonly summary: string;
}

/** Where notices go; undefined where nobody said. */
export interface AlertReceiver {
  readonly url: string;
  readonly token: string | undefined;
}

type NoticeRow = { id: string; at: number; body: string; failures: number; due_at: number };

export const alertTables = `
  CREATE TABLE IF NOT EXISTS alerts (alert TEXT PRIMARY KEY, since INTEGER NOT NULL, summary TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS notices (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL, failures INTEGER NOT NULL, due_at INTEGER NOT NULL
  );`;

const firing = stmt<[], { alert: string; since: number; summary: string }>(
  "SELECT alert, since, summary FROM alerts ORDER BY alert",
);
const fire = stmt<[alert: string, since: number, summary: string]>(
  "INSERT INTO alerts (alert, since, summary) VALUES (?, ?, ?)",
);
const resolve = stmt<[alert: string]>("DELETE FROM alerts WHERE alert = ?");
const addNotice = stmt<[id: string, at: number, body: string, dueAt: number]>(
  "INSERT INTO notices (id, at, body, failures, due_at) VALUES (?, ?, ?, 0, ?)",
);
const trimNotices = stmt<[max: number]>("DELETE FROM notices WHERE n <= (SELECT max(n) FROM notices) - ?");
// One after the other: that an alert is over is never told before that it fires.
const firstNotice = stmt<[], NoticeRow>("SELECT id, at, body, failures, due_at FROM notices ORDER BY n LIMIT 1");
const putOff = stmt<[dueAt: number, id: string]>("UPDATE notices SET failures = failures + 1, due_at = ? WHERE id = ?");
const removeNotice = stmt<[id: string]>("DELETE FROM notices WHERE id = ?");

export class Alerts {
  readonly #db: Database;
  readonly #fetcher: typeof fetch;
  readonly #random: () => number;

  constructor(db: Database, fetcher: typeof fetch, random: () => number) {
    [this.#db, this.#fetcher, this.#random] = [db, fetcher, random];
  }

  firing(): FiringAlert[] {
    return firing.all(this.#db);
  }

  /** Takes note of what is wrong now, and of what no longer is. */
  evaluate(conditions: readonly Condition[], isToldSomebody: boolean): void {
    const known = new Map(this.firing().map((alert) => [alert.alert, alert]));
    const now = this.#db.now();
    this.#db.transaction(() => {
      for (const alert of alertNames) {
        const condition = conditions.find((one) => one.alert === alert);
        const since = known.get(alert)?.since;
        if (condition && since === undefined) {
          fire.run(this.#db, alert, now, condition.summary);
          this.#say(alert, "firing", now, condition.summary, isToldSomebody, condition);
        } else if (!condition && since !== undefined) {
          resolve.run(this.#db, alert);
          const summary = `Over after ${Math.round((now - since) / 1_000)} s: ${known.get(alert)?.summary ?? ""}`;
          this.#say(alert, "resolved", since, summary, isToldSomebody);
        }
      }
    });
  }

  #say(
    alert: AlertName,
    state: "firing" | "resolved",
    since: number,
    summary: string,
    isToldSomebody: boolean,
    { value, threshold }: Partial<Condition> = {},
  ): void {
    const now = this.#db.now();
    log.warn(`alert.${state}`, { alert, summary, value, threshold });
    if (!isToldSomebody) return;
    const id = `alert_${crypto.randomUUID()}`;
    const dates = { since: new Date(since).toISOString(), at: new Date(now).toISOString() };
    addNotice.run(this.#db, id, now, JSON.stringify({ id, alert, state, summary, value, threshold, ...dates }), now);
    trimNotices.run(this.#db, maxNotices);
  }

  /** When something is to be posted next, ms since 1970. */
  get nextDueAt(): number | undefined {
    return firstNotice.first(this.#db)?.due_at;
  }

  /** Posts what is due. Never rejects. */
  async post({ url, token }: AlertReceiver): Promise<void> {
    for (let notice = firstNotice.first(this.#db); notice; notice = firstNotice.first(this.#db)) {
      if (notice.due_at > this.#db.now()) return;
      const failure = await this.#try(url, token, notice);
      const isOld = this.#db.now() - notice.at > tries.givenUpAfterMs;
      if (failure === undefined || isOld) removeNotice.run(this.#db, notice.id);
      if (failure === undefined) continue;
      log.warn("alert.not_told", { notice: notice.id, failures: notice.failures + 1, error: failure });
      const waitMs = backoffMs({ ...tries, least: "half" }, notice.failures + 1, this.#random());
      if (!isOld) putOff.run(this.#db, this.#db.now() + waitMs, notice.id);
    }
  }

  /** @returns why it was not taken. Says nothing of the address. */
  async #try(url: string, token: string | undefined, { id, body }: NoticeRow): Promise<string | undefined> {
    const { signal, clear } = deadlineIn(tries.timeoutMs);
    try {
      const headers = { "content-type": "application/json", "webhook-id": id };
      const answer = await this.#fetcher(url, {
        method: "POST",
        headers: token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` },
        body,
        signal,
        // Following one would hand the token to an address that nobody named.
        redirect: "manual",
      });
      await answer.body?.cancel();
      return answer.ok ? undefined : `answered ${answer.status}`;
    } catch {
      return signal.aborted ? "timeout" : "unreachable";
    } finally {
      clear();
    }
  }
}
