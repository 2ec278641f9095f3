/** The ledger's entries beside what D1 has of them, for whoever compares the two (SPEC B11). */
import * as z from "zod";
import { limits } from "../limits.ts";
import { countSchema, upTo } from "./queries.ts";

/** Of `GET /v1/billing/entries`. */
export const entriesQuerySchema = z.strictObject({
  after: countSchema.default(0).describe("`next_after` of the page before."),
  limit: upTo(limits.maxUsageRowsPerPage).default(200).describe("Entries in the answer."),
});

const sideSchema = z.object({
  /** When it happened, ms since 1970. */
  at: z.int().min(0),
  /** What the tenant pays for it, in billionths of a dollar. */
  charge_nano_usd: z.int().min(0),
  /** What the tenant paid in with it, in billionths of a dollar. */
  credit_nano_usd: z.int().min(0),
  /** The entry as it was recorded, as JSON: `cost_nano_usd` and `multiplier`, or `top_up`. */
  body: z.string(),
});
export type EntrySide = z.infer<typeof sideSchema>;

export const entriesAnswerSchema = z.object({
  /** In the order in which the ledger recorded them. */
  entries: z.array(
    z.object({
      seq: z.int().min(0),
      event_id: z.string(),
      ledger: sideSchema.nullable(),
      d1: sideSchema.nullable(),
    }),
  ),
  /** The last entry of the ledger. */
  last_seq: z.int().min(0),
  /** Up to this one D1 has them, as the ledger counts. */
  flushed_seq: z.int().min(0),
  next_after: z.int().nullable(),
});
export type EntriesAnswer = z.infer<typeof entriesAnswerSchema>;
export type ComparedEntry = EntriesAnswer["entries"][number];
