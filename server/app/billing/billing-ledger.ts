/** The ledger of a tenant as a Durable Object, by the tenant's name: storage, alarm and D1 around `Ledger`, and nothing else. */
import { DurableObject } from "cloudflare:workers";
import type { Budget, Exhausted, HoldRequest } from "../../../schemas/billing/budgets.ts";
import type { LedgerEntry, RecordOutcome, TopUp, UsageDimension } from "../../../schemas/billing/ledger.ts";
import type { EntriesAnswer } from "../../../schemas/http/billing-entries.ts";
import type { Result } from "../../../schemas/lib/result.ts";
import { durableDatabase } from "../../shared/lib/durable-database.ts";
import { describeError, log, logFor } from "../../shared/telemetry/log.ts";
import type { Env } from "../env.ts";
import type { BudgetUse } from "./budgets.ts";
import { compared } from "./compared.ts";
import { type D1Sums, entriesInD1, keptInD1, sumsInD1, writeBatch } from "./d1-entries.ts";
import { type Balance, Ledger } from "./ledger.ts";
import type { Days, UsageRow, UsageSums } from "./usage-sums.ts";

export class BillingLedgerDO extends DurableObject<Env> {
  readonly #tenant: string;
  readonly #ledger: Ledger;
  /** As set by this object since it began. */
  #alarmAt: number | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const tenant = ctx.id.name;
    if (tenant === undefined) throw new Error("a ledger is asked for by its tenant's name");
    this.#tenant = tenant;
    this.#ledger = new Ledger({
      db: durableDatabase(ctx.storage),
      tenant,
      write: (batch) => writeBatch(env.DB, tenant, batch),
      deliver: (delivery) => this.env.GATEWAY.deliverWebhook(tenant, delivery),
      kept: (after, most) => keptInD1(env.DB, tenant, after, most),
      isOwnStorage: env.LOCAL_STATE !== undefined,
      newId: () => crypto.randomUUID(),
      synced: () => ctx.storage.sync(),
      random: Math.random,
      log: logFor({ tenant }),
    });
  }

  async record(entries: readonly LedgerEntry[]): Promise<RecordOutcome[]> {
    const outcomes = this.#ledger.record(entries);
    await this.#setAlarm();
    const conflicting = outcomes.filter((outcome) => outcome === "conflicting").length;
    if (conflicting > 0) log.error("billing.conflicting", { tenant: this.#tenant, entries: conflicting });
    return outcomes;
  }

  async topUp(topUp: TopUp): Promise<RecordOutcome> {
    const outcome = this.#ledger.topUp(topUp);
    await this.#setAlarm();
    return outcome;
  }

  balance(): Balance {
    return this.#ledger.balance();
  }

  usage(
    by: UsageDimension,
    days: Days,
    page: { readonly after: string | undefined; readonly limit: number },
  ): { readonly rows: UsageRow[]; readonly total: UsageSums } {
    return this.#ledger.usage(by, days, page);
  }

  async flush(): Promise<Result<void, string>> {
    const done = await this.#ledger.flush();
    await this.#setAlarm();
    return done;
  }

  async hold(asked: HoldRequest): Promise<Result<boolean, Exhausted>> {
    const held = this.#ledger.budgets.hold(asked);
    // That it was refused is told.
    if (!held.ok) await this.#setAlarm();
    return held;
  }

  used(taken: HoldRequest): void {
    this.#ledger.budgets.used(taken);
  }

  budgets(): BudgetUse[] {
    return this.#ledger.budgets.use();
  }

  setBudgets(budgets: readonly Budget[]): BudgetUse[] {
    this.#ledger.budgets.set(budgets);
    return this.#ledger.budgets.use();
  }

  /** A page of entries beside what D1 has of them; undefined where D1 does not answer. */
  async entries(after: number, limit: number): Promise<EntriesAnswer | undefined> {
    const { rows, flush } = this.#ledger.entries(after, limit);
    const isLast = rows.length < limit;
    // Behind the last one D1 may have what the ledger has not.
    const through = isLast ? Number.MAX_SAFE_INTEGER : (rows.at(-1)?.seq ?? after);
    try {
      const d1 = await entriesInD1(this.env.DB, this.#tenant, { after, through, most: 2 * limit });
      const { last_seq, flushed_seq } = flush;
      return { entries: compared(rows, d1), last_seq, flushed_seq, next_after: isLast ? null : through };
    } catch (cause) {
      log.error("billing.not_compared", { tenant: this.#tenant, error: describeError(cause) });
      return undefined;
    }
  }

  /** What the ledger says D1 has, and what D1 has. */
  async compare(): Promise<{ readonly ledger: Balance; readonly d1: D1Sums }> {
    return { ledger: this.#ledger.balance(), d1: await sumsInD1(this.env.DB, this.#tenant) };
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = undefined;
    await this.#ledger.run();
    await this.#setAlarm();
  }

  /** Begun in the step that wrote the entries, so that the platform keeps both or neither. */
  async #setAlarm(): Promise<void> {
    const at = this.#ledger.nextRunAt;
    if (at === undefined || at === this.#alarmAt) return;
    this.#alarmAt = at;
    await this.ctx.storage.setAlarm(at);
  }
}
