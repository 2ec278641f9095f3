/** The ledger of the caller's tenant: what was used, what it costs, and what was paid (SPEC B7). */
import { limits } from "../../limits.ts";
import {
  balanceAnswerSchema,
  budgetsAnswerSchema,
  budgetsBodySchema,
  flushAnswerSchema,
  recordAnswerSchema,
  recordBodySchema,
  topUpAnswerSchema,
  topUpBodySchema,
  usageAnswerSchema,
  usageQuerySchema,
} from "../billing.ts";
import { entriesAnswerSchema, entriesQuerySchema } from "../billing-entries.ts";
import { bySessions, type Operation } from "../operation.ts";

const errors = ["app_unavailable", "ledger_unavailable"] as const;

export const billingOperations = {
  getUsage: {
    method: "GET",
    path: "/v1/usage",
    summary: "What the tenant used and what it costs, summed up by day, model, feature, user or session.",
    access: bySessions("billing"),
    query: usageQuerySchema,
    answers: { 200: { description: "A page of sums, and their total.", schema: usageAnswerSchema } },
    errors,
  },
  getBalance: {
    method: "GET",
    path: "/v1/billing/balance",
    summary: "What was paid in, what was charged, and what is left.",
    access: bySessions("billing"),
    answers: { 200: { description: "As counted now.", schema: balanceAnswerSchema } },
    errors,
  },
  recordEntries: {
    method: "POST",
    path: "/v1/billing/record",
    summary:
      "Records what was used elsewhere. All entries are recorded together, each once under its `event_id`: send the same again after any failure.",
    access: bySessions("billing"),
    body: { schema: recordBodySchema, maxBytes: limits.maxRecordBodyBytes },
    answers: {
      200: { description: "All count: what became of each, in order.", schema: recordAnswerSchema },
      207: {
        description: "The id of some stands for an entry that says something else, which stays; the others count.",
        schema: recordAnswerSchema,
      },
    },
    errors: [...errors, "body_too_large"],
  },
  topUp: {
    method: "POST",
    path: "/v1/billing/topup",
    summary: "Adds to the balance what was paid, once under its `event_id`.",
    access: bySessions("admin"),
    body: { schema: topUpBodySchema, maxBytes: limits.maxCorrectionBodyBytes },
    answers: { 200: { description: "It counts, from now on or since before.", schema: topUpAnswerSchema } },
    errors: [...errors, "body_too_large", "event_id_taken"],
  },
  flushLedger: {
    method: "POST",
    path: "/v1/billing/flush",
    summary: "Takes what is pending to D1 now. By itself it goes there within the hour.",
    access: bySessions("admin"),
    answers: { 200: { description: "What D1 has, and what is still pending.", schema: flushAnswerSchema } },
    errors: [...errors, "index_unavailable"],
  },
  listEntries: {
    method: "GET",
    path: "/v1/billing/entries",
    summary: "The ledger's entries beside what D1 has of them, in pages: whoever adds them up can prove the sums.",
    access: bySessions("admin"),
    query: entriesQuerySchema,
    answers: { 200: { description: "A page.", schema: entriesAnswerSchema } },
    errors: [...errors, "index_unavailable"],
  },
  getBudgets: {
    method: "GET",
    path: "/v1/billing/budgets",
    summary: "How much the tenant may use of what, and what is used of it.",
    access: bySessions("admin"),
    answers: { 200: { description: "As counted now.", schema: budgetsAnswerSchema } },
    errors,
  },
  setBudgets: {
    method: "PUT",
    path: "/v1/billing/budgets",
    summary:
      "Sets how much the tenant may use, in place of all budgets there are. A call that would go beyond one is refused with `budget_exhausted` before a model is asked.",
    access: bySessions("admin"),
    body: { schema: budgetsBodySchema, maxBytes: limits.maxCorrectionBodyBytes },
    answers: { 200: { description: "As they are now.", schema: budgetsAnswerSchema } },
    errors: [...errors, "body_too_large"],
  },
} as const satisfies Record<string, Operation>;
