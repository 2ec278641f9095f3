/** What a results client takes and gives where money is concerned. Sums have `exact`, and `shown`, which is rounded up for people. */
import type * as z from "zod";
import type {
  BalanceAnswer,
  BudgetsAnswer,
  Money,
  RecordAnswer,
  recordEntrySchema,
  topUpBodySchema,
  TopUpAnswer,
  UsageAnswer,
} from "../../schemas/http/billing.ts";
import type { CallOptions } from "./call-options.ts";

export type { Money };
export type Usage = UsageAnswer;
export type Balance = BalanceAnswer;
export type BudgetInUse = BudgetsAnswer["budgets"][number];
export type RecordedEntry = RecordAnswer["entries"][number];
export type UsageEntryInput = z.input<typeof recordEntrySchema>;
export type TopUp = TopUpAnswer;
export type TopUpInput = z.input<typeof topUpBodySchema>;

export interface UsageOptions extends CallOptions {
  /** The first day, UTC, as in `2026-01-31`. Without it, 29 days before `to`. */
  readonly from?: string | undefined;
  /** The last day, UTC. Without it, today. */
  readonly to?: string | undefined;
  /** What a row is of: `day` by default. */
  readonly by?: Usage["by"] | undefined;
  /** `next_after` of the page before. */
  readonly after?: string | undefined;
  /** Rows in the answer. 100 by default. */
  readonly limit?: number | undefined;
}

/** As all methods of a results client. All but `topUp` and `budgets` take a key with the scope `billing`. */
export interface BillingCalls {
  /** What the tenant used and what it costs, by day, model, feature, user or session. */
  usage(options?: UsageOptions): Promise<Usage>;
  /** What was paid in, what was charged, and what is left. */
  balance(options?: CallOptions): Promise<Balance>;
  /** How much the tenant may use of what, and what is used of it now. Takes a key with the scope `admin`. */
  budgets(options?: CallOptions): Promise<readonly BudgetInUse[]>;
  /** Records what was used elsewhere, each entry once under its `event_id`. Resolves with what became of each, in order. */
  recordUsage(entries: readonly UsageEntryInput[], options?: CallOptions): Promise<readonly RecordedEntry[]>;
  /** Adds to the balance what was paid, once under its `event_id`. Takes a key with the scope `admin`. */
  topUp(body: TopUpInput, options?: CallOptions): Promise<TopUp>;
}
