-- The ledger's entries, as each tenant's ledger writes them down: never changed, and each once under its id.
CREATE TABLE billing_entries (
  tenant TEXT NOT NULL,
  event_id TEXT NOT NULL,
  -- Its number in the tenant's ledger, from 1 without a hole.
  seq INTEGER NOT NULL,
  -- The batch that it came with.
  batch_id TEXT NOT NULL,
  -- When it happened, ms since 1970.
  at INTEGER NOT NULL,
  -- Nano-dollars that it takes from the balance, and that it adds.
  charge INTEGER NOT NULL,
  credit INTEGER NOT NULL,
  -- All of the entry, as JSON.
  body TEXT NOT NULL,
  PRIMARY KEY (tenant, event_id)
) WITHOUT ROWID;

CREATE INDEX billing_entries_by_seq ON billing_entries (tenant, seq);
