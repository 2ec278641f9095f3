/** What the rest of the app knows of the ledger. */
export { BillingLedgerDO } from "./billing-ledger.ts";
export { entriesOfFeed, entryOfCall, entryOfDropped } from "./sources.ts";
