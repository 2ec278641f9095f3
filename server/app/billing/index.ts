/** What the rest of the app knows of the ledger. */
export { BillingLedgerDO } from "./billing-ledger.ts";
export type { BudgetUse } from "./budgets.ts";
export { titlesInD1 } from "./d1-entries.ts";
export type { Balance } from "./ledger.ts";
export { dateOf, dayOf, type UsageSums } from "./usage-sums.ts";
export { entriesOfFeed, entryOfCall, entryOfDropped, holdOfCall } from "./sources.ts";
