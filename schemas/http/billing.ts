/** The ledger over HTTP: money is text, exact to the nano-dollar, with what people are shown beside it (SPEC B3, B7). */
import * as z from "zod";
import { allFeatures } from "../billing/budgets.ts";
import { featureSchema, ledgerUnitSchema, recordOutcomeSchema, usageDimensionSchema } from "../billing/ledger.ts";
import { exactUsd, maxEntryNanoUsd, multiplierSchema, parseUsd, shownLeftUsd, shownUsd } from "../billing/money.ts";
import { limits } from "../limits.ts";
import { sessionIdSchema } from "../names.ts";
import { visibleLineSchema } from "../visible-line.ts";
import { upTo } from "./queries.ts";

/** Dollars. `exact` has all digits, `shown` is rounded to a thousandth: up, and down where it is what is left. */
export const moneySchema = z.object({ exact: z.string(), shown: z.string() });
export type Money = z.infer<typeof moneySchema>;

export function moneyOf(nanoUsd: bigint): Money {
  return { exact: exactUsd(nanoUsd), shown: shownUsd(nanoUsd) };
}

/** What somebody has. */
export function moneyLeftOf(nanoUsd: bigint): Money {
  return { exact: exactUsd(nanoUsd), shown: shownLeftUsd(nanoUsd) };
}

/** Read as nano-dollars. */
const usdSchema = z
  .string()
  .regex(/^\d{1,7}(\.\d{1,9})?$/, "is dollars as in 12.50, with at most nine digits behind the point")
  .transform((text) => Number(parseUsd(text)))
  .refine((nanoUsd) => nanoUsd <= maxEntryNanoUsd, "is a million dollars at most")
  .meta({ type: "string", pattern: "^[0-9]{1,7}(\\.[0-9]{1,9})?$" });

const shortSchema = visibleLineSchema(limits.maxShortTextChars);
const ownIdSchema = z
  .string()
  .regex(/^[\x21-\x7E]{1,200}$/, "is 1 to 200 characters of ASCII, without blanks")
  .describe("Counts once, however often it is sent. Ids of the gateway's own entries are others.");
const dateSchema = z.iso.date({ error: "is a date as in 2026-01-31" });

/** Of `GET /v1/usage`. */
export const usageQuerySchema = z.strictObject({
  from: dateSchema.optional().describe("The first day, UTC; without it, 29 days before the last one."),
  to: dateSchema.optional().describe("The last day, UTC; without it, today."),
  by: z
    .enum(usageDimensionSchema.options, `is one of ${usageDimensionSchema.options.join(", ")}`)
    .default("day")
    .describe("What a row is of."),
  after: z.string().max(limits.maxShortTextChars).optional().describe("`next_after` of the page before."),
  limit: upTo(limits.maxUsageRowsPerPage).default(100).describe("Rows in the answer."),
});

const countSchema = z.int().min(0);
const sumsSchema = z.object({
  entries: countSchema,
  /** Entries whose quantities or price are a guess. */
  estimated_entries: countSchema,
  /** Entries of which no price is known: nothing is charged for them. */
  unpriced_entries: countSchema,
  /** What providers take. */
  cost_usd: moneySchema,
  /** The cost times its multiplier. */
  charge_usd: moneySchema,
  quantities: z.object({
    audio_ms: countSchema,
    characters: countSchema,
    input_tokens: countSchema,
    output_tokens: countSchema,
    calls: countSchema,
    /** Bytes that were kept, times the days. */
    byte_days: countSchema,
  }),
});

export const usageAnswerSchema = z.object({
  by: usageDimensionSchema,
  from: z.iso.date(),
  to: z.iso.date(),
  /** In the order of their keys. The key is "" where entries name none. */
  rows: z.array(
    z.object({
      key: z.string(),
      /** What a meeting is called, where it has a title, and who asks may read meetings. */
      title: z.string().optional(),
      ...sumsSchema.shape,
    }),
  ),
  /** Of all rows of the days, on whichever page. */
  total: sumsSchema,
  next_after: z.string().nullable(),
});
export type UsageAnswer = z.infer<typeof usageAnswerSchema>;

export const balanceAnswerSchema = z.object({
  /** `topped_up_usd` less `charged_usd`; below zero where more was used than paid. */
  balance_usd: moneySchema,
  topped_up_usd: moneySchema,
  charged_usd: moneySchema,
  entries: countSchema,
  /** What D1 does not have yet. */
  pending_usd: moneySchema,
  pending_entries: countSchema,
});
export type BalanceAnswer = z.infer<typeof balanceAnswerSchema>;

const priceSchema = z.strictObject({
  unit: ledgerUnitSchema,
  usd: usdSchema.describe("Dollars of so many of the unit."),
  per: z.int().min(1).max(1_000_000_000),
});

const maxMetaFields = 16;
export const recordEntrySchema = z
  .strictObject({
    event_id: ownIdSchema,
    at: z.iso
      .datetime({ offset: true, error: "is a time as in 2026-01-31T09:00:00Z" })
      .transform((text) => Date.parse(text))
      .refine((ms) => ms >= 0 && ms <= 4_102_444_800_000, "lies between 1970 and 2100")
      .meta({ type: "string", format: "date-time" })
      .describe("When it happened."),
    feature: featureSchema.describe("What it was for: `chat`, `stt`, or a word of your own."),
    model: shortSchema.nullable().default(null).describe("As `provider/model`."),
    subject: shortSchema.nullable().default(null).describe("Who caused it."),
    session_id: sessionIdSchema.nullable().default(null),
    quantities: z.partialRecord(ledgerUnitSchema, z.int().min(0).max(1_000_000_000_000)).default({}),
    cost_usd: usdSchema.optional().describe("Before the multiplier."),
    prices: z
      .array(priceSchema)
      .min(1)
      .max(ledgerUnitSchema.options.length)
      .optional()
      .describe(
        "Instead of `cost_usd`: what each quantity is reckoned with. Without either, the gateway's price of the model.",
      ),
    multiplier: multiplierSchema.default("cloud"),
    price_version: shortSchema.nullable().default(null).describe("What names the price."),
    is_estimated: z.boolean().default(false),
    meta: z
      .record(z.string().max(32), z.string().max(256))
      .refine((fields) => Object.keys(fields).length <= maxMetaFields, `has ${maxMetaFields} fields at most`)
      .default({}),
  })
  .refine(({ cost_usd, prices }) => cost_usd === undefined || prices === undefined, {
    message: "can't stand beside cost_usd",
    path: ["prices"],
  })
  .refine(({ prices = [], quantities }) => prices.every(({ unit }) => quantities[unit] !== undefined), {
    message: "names a unit that quantities has not",
    path: ["prices"],
  });
export type RecordEntry = z.infer<typeof recordEntrySchema>;

export const recordBodySchema = z.strictObject({
  entries: z.array(recordEntrySchema).min(1).max(limits.maxEntriesPerRecord),
});

export const recordAnswerSchema = z.object({
  entries: z.array(
    z.object({
      event_id: z.string(),
      /** `duplicate`: it was recorded before, and counts once. `conflicting`: the id stands for another entry, which stays. */
      outcome: recordOutcomeSchema,
      /** What the entry is charged; null where it is not counted, being `conflicting`. */
      charge_usd: moneySchema.nullable(),
    }),
  ),
});
export type RecordAnswer = z.infer<typeof recordAnswerSchema>;

export const topUpBodySchema = z.strictObject({
  event_id: ownIdSchema,
  amount_usd: usdSchema.refine((nanoUsd) => nanoUsd > 0, "is above nothing"),
  note: shortSchema.nullable().default(null),
});

export const topUpAnswerSchema = z.object({
  event_id: z.string(),
  outcome: recordOutcomeSchema.exclude(["conflicting"]),
  amount_usd: moneySchema,
});
export type TopUpAnswer = z.infer<typeof topUpAnswerSchema>;

export const flushAnswerSchema = z.object({
  /** What D1 has now. */
  flushed_entries: countSchema,
  flushed_usd: moneySchema,
  /** What came meanwhile, or was more than one flush takes: flush again. */
  pending_entries: countSchema,
  pending_usd: moneySchema,
});

const budgetBodySchema = z
  .strictObject({
    feature: featureSchema.describe(
      `As in an entry: \`chat\`, \`stt\`, \`tts\`, \`live\`; \`${allFeatures}\` is all of them together.`,
    ),
    tokens_per_minute: z
      .int()
      .min(1)
      .max(1_000_000_000)
      .nullable()
      .default(null)
      .describe("In and out, over any 60 seconds."),
    audio_seconds_per_minute: z
      .int()
      .min(1)
      .max(1_000_000)
      .nullable()
      .default(null)
      .describe("Of each user, over any 60 seconds."),
    usd_per_day: usdSchema
      .refine((nanoUsd) => nanoUsd > 0, "is above nothing")
      .nullable()
      .default(null)
      .describe("Charges of a day, UTC."),
  })
  .refine((budget) => Object.values(budget).filter((value) => value !== null).length > 1, {
    message: "bounds nothing: give a limit, or leave it out",
    path: ["feature"],
  });

export const budgetsBodySchema = z.strictObject({
  budgets: z
    .array(budgetBodySchema)
    .max(limits.maxBudgets)
    .refine((all) => new Set(all.map(({ feature }) => feature)).size === all.length, "names a feature twice"),
});

export const budgetsAnswerSchema = z.object({
  budgets: z.array(
    z.object({
      feature: z.string(),
      /** Over the last 60 seconds, calls under way included. */
      tokens_per_minute: z.object({ limit: countSchema, used: countSchema }).nullable(),
      audio_seconds_per_minute: z.object({ limit: countSchema }).nullable(),
      /** Of today: charged, and held for calls under way. */
      usd_per_day: z.object({ limit: moneySchema, charged: moneySchema, held: moneySchema }).nullable(),
    }),
  ),
});
export type BudgetsAnswer = z.infer<typeof budgetsAnswerSchema>;
