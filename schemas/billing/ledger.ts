/** What the ledger of a tenant holds: entries, each recorded once under its id and never changed (SPEC B1–B3). */
import * as z from "zod";
import { visibleLineSchema } from "../visible-line.ts";
import { maxEntryNanoUsd, multiplierSchema } from "./money.ts";

/** What something was taken of. */
export const ledgerUnitSchema = z.enum([
  "audio_ms",
  "characters",
  "input_tokens",
  "output_tokens",
  "calls",
  // Bytes that were kept, times the days.
  "byte_days",
]);
export type LedgerUnit = z.infer<typeof ledgerUnitSchema>;
export const ledgerUnits = ledgerUnitSchema.options;

/** Far beyond what one call takes, and few enough that a year of them adds up exactly. */
const quantitySchema = z.int().min(0).max(1_000_000_000_000);
const nanoUsdSchema = z.int().min(0).max(maxEntryNanoUsd);
const shortSchema = visibleLineSchema(256);

export const eventIdSchema = z
  .string()
  .regex(/^[\x21-\x7E]{1,256}$/, "is 1 to 256 characters of ASCII, without blanks");
export const featureSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,31}$/, "is a-z, 0-9, _ and -, at most 32 characters, starting with a letter");

export const ledgerEntrySchema = z.strictObject({
  /** Counts once, however often it is told. */
  event_id: eventIdSchema,
  /** When it happened, ms since 1970. */
  at: z.int().min(0).max(4_102_444_800_000),
  /** What it was for: `stt`, `tts`, `chat`, `live`, `ingest`, `resolve`, `storage`, or a backend's own word. */
  feature: featureSchema,
  /** As `provider/model`; null where none was asked. */
  model: shortSchema.nullable().default(null),
  /** Who caused it, as limits tell people apart. */
  subject: shortSchema.nullable().default(null),
  session_id: shortSchema.nullable().default(null),
  quantities: z.partialRecord(ledgerUnitSchema, quantitySchema).default({}),
  /** Before the multiplier. null where it is not known, and nothing is charged. */
  cost_nano_usd: nanoUsdSchema.nullable(),
  multiplier: multiplierSchema,
  /** The day of the price that the cost was reckoned with, or what else names it. */
  price_version: shortSchema.nullable().default(null),
  is_estimated: z.boolean().default(false),
  meta: z.record(z.string().max(32), z.string().max(256)).default({}),
});
export type LedgerEntry = z.infer<typeof ledgerEntrySchema>;

/** Money that was paid in. */
export const topUpSchema = z.strictObject({
  event_id: eventIdSchema,
  amount_nano_usd: nanoUsdSchema.min(1),
  note: shortSchema.nullable().default(null),
});
export type TopUp = z.infer<typeof topUpSchema>;

/** `conflicting`: the id is taken by an entry that says something else, which stays. */
export const recordOutcomeSchema = z.enum(["recorded", "duplicate", "conflicting"]);
export type RecordOutcome = z.infer<typeof recordOutcomeSchema>;

export const usageDimensionSchema = z.enum(["day", "model", "feature", "user", "session"]);
export type UsageDimension = z.infer<typeof usageDimensionSchema>;
