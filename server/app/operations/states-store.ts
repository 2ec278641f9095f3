/**
 * What lasts until somebody says that it is over: captions that are behind, webhooks that nobody takes, quotas of a day that are nearly
 * used, models that are left alone. Whoever says that it is so may die: what nobody repeats goes by itself.
 */
import type { MeetingReport, TelemetryLine } from "../../../schemas/telemetry.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";

/** A captioner that is behind says so every minute at least. */
const captionsForMs = 180_000;
/** A room with webhooks that wait says so every minute, and every five where the app was away. */
const webhooksForMs = 900_000;
/** A circuit that is open says so with each try that fails, a minute apart at most where there is anything to try. */
const circuitsForMs = 900_000;
const dayMs = 86_400_000;
/** Of each table: beyond it what was heard of longest ago is forgotten. */
const maxRows = 20_000;
const shownCircuits = 50;

export interface QuotaState {
  readonly tenant: string;
  /** Of what it may store today. */
  readonly percent: number;
}

export interface OpenCircuit {
  readonly tenant: string;
  readonly model: string;
  /** ms since 1970. */
  readonly since: number;
}

export interface States {
  readonly captions_behind: number;
  /** The longest, ms since 1970; null where none is. */
  readonly captions_behind_since: number | null;
  /** Sessions whose webhooks wait for a receiver that took nothing when it was last tried. */
  readonly webhooks_failing: number;
  /** Since when the first of those sessions says so, ms since 1970; null where there is none. */
  readonly webhooks_failing_since: number | null;
  /** That of which most is used; undefined where none was heard of today. */
  readonly quota: QuotaState | undefined;
  readonly circuits: readonly OpenCircuit[];
}

export const stateTables = `
  CREATE TABLE IF NOT EXISTS captions_behind (
    tenant TEXT NOT NULL, session_id TEXT NOT NULL, since INTEGER NOT NULL, heard_at INTEGER NOT NULL, PRIMARY KEY (tenant, session_id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS webhooks_failing (
    tenant TEXT NOT NULL, session_id TEXT NOT NULL, since INTEGER NOT NULL, heard_at INTEGER NOT NULL, PRIMARY KEY (tenant, session_id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS quotas (tenant TEXT PRIMARY KEY, percent INTEGER NOT NULL, heard_at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS circuits (
    tenant TEXT NOT NULL, model TEXT NOT NULL, since INTEGER NOT NULL, heard_at INTEGER NOT NULL, PRIMARY KEY (tenant, model)
  ) WITHOUT ROWID;`;

const putBehind = stmt<[tenant: string, sessionId: string, since: number, heardAt: number]>(
  `INSERT INTO captions_behind VALUES (?, ?, ?, ?)
   ON CONFLICT DO UPDATE SET since = min(since, excluded.since), heard_at = excluded.heard_at`,
);
const removeBehind = stmt<[tenant: string, sessionId: string]>(
  "DELETE FROM captions_behind WHERE tenant = ? AND session_id = ?",
);
const putFailing = stmt<[tenant: string, sessionId: string, since: number, heardAt: number]>(
  "INSERT INTO webhooks_failing VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET heard_at = excluded.heard_at",
);
const removeFailing = stmt<[tenant: string, sessionId: string]>(
  "DELETE FROM webhooks_failing WHERE tenant = ? AND session_id = ?",
);
const forgetFailing = stmt<[before: number]>("DELETE FROM webhooks_failing WHERE heard_at < ?");
const failing = stmt<[], { n: number; since: number | null }>(
  "SELECT count(*) AS n, min(since) AS since FROM webhooks_failing",
);
// Every session of a tenant tells how much of the tenant's quota is used, as it last heard of it: the newest word counts.
const putQuota = stmt<[tenant: string, percent: number, heardAt: number]>(
  `INSERT INTO quotas VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET percent = excluded.percent, heard_at = excluded.heard_at
   WHERE excluded.heard_at > heard_at`,
);
const putCircuit = stmt<[tenant: string, model: string, since: number, heardAt: number]>(
  "INSERT INTO circuits VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET heard_at = excluded.heard_at",
);
const removeCircuit = stmt<[tenant: string, model: string]>("DELETE FROM circuits WHERE tenant = ? AND model = ?");
const forgetBehind = stmt<[before: number]>("DELETE FROM captions_behind WHERE heard_at < ?");
const forgetQuotas = stmt<[before: number]>("DELETE FROM quotas WHERE heard_at < ?");
const forgetCircuits = stmt<[before: number]>("DELETE FROM circuits WHERE heard_at < ?");
const trimBehind = stmt<[max: number]>(
  `DELETE FROM captions_behind WHERE (tenant, session_id) IN (SELECT tenant, session_id FROM captions_behind
     ORDER BY heard_at LIMIT max(0, (SELECT count(*) FROM captions_behind) - ?))`,
);
const trimQuotas = stmt<[max: number]>(
  `DELETE FROM quotas WHERE tenant IN (SELECT tenant FROM quotas
     ORDER BY heard_at LIMIT max(0, (SELECT count(*) FROM quotas) - ?))`,
);
const trimCircuits = stmt<[max: number]>(
  `DELETE FROM circuits WHERE (tenant, model) IN (SELECT tenant, model FROM circuits
     ORDER BY heard_at LIMIT max(0, (SELECT count(*) FROM circuits) - ?))`,
);
const trimFailing = stmt<[max: number]>(
  `DELETE FROM webhooks_failing WHERE (tenant, session_id) IN (SELECT tenant, session_id FROM webhooks_failing
     ORDER BY heard_at LIMIT max(0, (SELECT count(*) FROM webhooks_failing) - ?))`,
);
const behind = stmt<[], { n: number; since: number | null }>(
  "SELECT count(*) AS n, min(since) AS since FROM captions_behind",
);
const fullest = stmt<[], QuotaState>("SELECT tenant, percent FROM quotas ORDER BY percent DESC, tenant LIMIT 1");
const open = stmt<[max: number], OpenCircuit>("SELECT tenant, model, since FROM circuits ORDER BY since LIMIT ?");

export class StatesStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @param since ms since 1970; null where they are not behind any more. */
  takeCaptions(tenant: string, sessionId: string, since: number | null): void {
    if (since === null) removeBehind.run(this.#db, tenant, sessionId);
    else putBehind.run(this.#db, tenant, sessionId, since, this.#db.now());
  }

  takeReport({ tenant, session_id: sessionId, status, webhooks_failing: waiting, quota }: MeetingReport): void {
    if (waiting === 0 || status === "deleted") removeFailing.run(this.#db, tenant, sessionId);
    else putFailing.run(this.#db, tenant, sessionId, this.#db.now(), this.#db.now());
    if (quota) putQuota.run(this.#db, tenant, quota.percent, quota.at);
  }

  /** In the order in which they were said. */
  takeCircuits(lines: readonly TelemetryLine[]): void {
    for (const { event, tenant, at, ...fields } of lines) {
      const { model, state } = fields;
      if (event !== "model.circuit" || tenant === undefined || typeof model !== "string") continue;
      if (state === "closed") removeCircuit.run(this.#db, tenant, model);
      else putCircuit.run(this.#db, tenant, model, at, this.#db.now());
    }
  }

  /** A session is deleted: its captions are behind no more, and nobody is to be told of it. */
  forget(tenant: string, sessionId: string): void {
    removeFailing.run(this.#db, tenant, sessionId);
    removeBehind.run(this.#db, tenant, sessionId);
  }

  states(): States {
    const now = this.#db.now();
    forgetBehind.run(this.#db, now - captionsForMs);
    forgetFailing.run(this.#db, now - webhooksForMs);
    forgetCircuits.run(this.#db, now - circuitsForMs);
    // Days are UTC, as the quota's are.
    forgetQuotas.run(this.#db, Math.floor(now / dayMs) * dayMs);
    trimBehind.run(this.#db, maxRows);
    trimQuotas.run(this.#db, maxRows);
    trimCircuits.run(this.#db, maxRows);
    trimFailing.run(this.#db, maxRows);
    const [late, untaken] = [behind.one(this.#db), failing.one(this.#db)];
    return {
      captions_behind: late.n,
      captions_behind_since: late.since,
      webhooks_failing: untaken.n,
      webhooks_failing_since: untaken.since,
      quota: fullest.first(this.#db),
      circuits: open.all(this.#db, shownCircuits),
    };
  }
}
