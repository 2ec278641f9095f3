/** The database port over the SQLite of a Durable Object. */
import { type Database, databaseOf } from "./sql.ts";

/** @param now the platform's clock, which stands still during a synchronous step; tests bring their own. */
export function durableDatabase(
  storage: Pick<DurableObjectStorage, "sql" | "transactionSync">,
  now: () => number = () => Date.now(),
): Database {
  return databaseOf({ sql: storage.sql, transaction: (step) => storage.transactionSync(step), now });
}
