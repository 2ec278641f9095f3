/** What was used and what it costs, of the caller's tenant. What is recorded counts once: all of it may be sent again. */
import {
  balanceAnswerSchema,
  budgetsAnswerSchema,
  recordAnswerSchema,
  topUpAnswerSchema,
  usageAnswerSchema,
} from "../../schemas/http/billing.ts";
import type {
  Balance,
  BudgetInUse,
  RecordedEntry,
  TopUp,
  TopUpInput,
  Usage,
  UsageEntryInput,
  UsageOptions,
} from "./billing-types.ts";
import type { Caller } from "./caller.ts";
import type { CallOptions } from "./call-options.ts";

export async function usage(caller: Caller, { signal, ...wanted }: UsageOptions = {}): Promise<Usage> {
  const asked = Object.entries(wanted).filter((entry): entry is [string, string | number] => entry[1] !== undefined);
  const query = new URLSearchParams(Object.fromEntries(asked.map(([name, value]) => [name, String(value)])));
  const path = query.size === 0 ? "v1/usage" : `v1/usage?${query.toString()}`;
  return caller.json({ method: "GET", path, repeatable: true, signal }, usageAnswerSchema);
}

export async function balance(caller: Caller, { signal }: CallOptions = {}): Promise<Balance> {
  return caller.json({ method: "GET", path: "v1/billing/balance", repeatable: true, signal }, balanceAnswerSchema);
}

export async function budgets(caller: Caller, { signal }: CallOptions = {}): Promise<readonly BudgetInUse[]> {
  const request = { method: "GET", path: "v1/billing/budgets", repeatable: true, signal } as const;
  return (await caller.json(request, budgetsAnswerSchema)).budgets;
}

export async function recordUsage(
  caller: Caller,
  entries: readonly UsageEntryInput[],
  { signal }: CallOptions = {},
): Promise<readonly RecordedEntry[]> {
  const request = { method: "POST", path: "v1/billing/record", body: { entries }, good: [200, 207], signal } as const;
  return (await caller.json({ ...request, repeatable: true }, recordAnswerSchema)).entries;
}

export async function topUp(caller: Caller, body: TopUpInput, { signal }: CallOptions = {}): Promise<TopUp> {
  return caller.json({ method: "POST", path: "v1/billing/topup", body, repeatable: true, signal }, topUpAnswerSchema);
}
