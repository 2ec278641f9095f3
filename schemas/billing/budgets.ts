/** How much of something a tenant may use: what a call takes is held before it is made, and settled by its entry (SPEC B8). */
import * as z from "zod";
import type { CallKind } from "./usage.ts";
import { featureSchema } from "./ledger.ts";
import { maxEntryNanoUsd } from "./money.ts";

/** In place of a feature: all of them together. */
export const allFeatures = "all";

export const budgetSchema = z.strictObject({
  feature: featureSchema,
  /** In and out, over any 60 seconds. null: as many as one likes; likewise below. */
  tokens_per_minute: z.int().min(1).nullable(),
  /** Of each user, over any 60 seconds. */
  audio_seconds_per_minute: z.int().min(1).nullable(),
  /** Charges of a day, UTC. */
  nano_usd_per_day: z.int().min(1).max(maxEntryNanoUsd).nullable(),
});
export type Budget = z.infer<typeof budgetSchema>;
export type BudgetName = Exclude<keyof Budget, "feature">;

/** What a call of a model is about to take, as far as it is known; or what it took. */
export interface ExpectedCall {
  readonly usage_id: string;
  readonly kind: CallKind;
  readonly model: string;
  readonly subject: string | null;
  readonly tokens: number;
  readonly audio_ms: number;
  readonly cost_nano_usd: number | null;
}

/** The same as the ledger holds it. */
export interface HoldRequest {
  /** The `event_id` of the entry that settles it. */
  readonly id: string;
  readonly feature: string;
  readonly subject: string | null;
  readonly tokens: number;
  readonly audio_ms: number;
  /** null where no price is known. */
  readonly charge: number | null;
}

export interface Exhausted {
  readonly feature: string;
  readonly budget: BudgetName | "calls_under_way";
  readonly retryAfterSeconds: number;
}
