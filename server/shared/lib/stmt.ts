/**
 * A statement with the types of its values and of its rows, declared once beside the code that runs it. Nothing checks the
 * row's type at run time: it says what the text of the query gives, so the two are written and read together.
 *
 * Rows are always read at once. A cursor of a Durable Object that is left early keeps its table locked until it is
 * collected, so results that memory should not hold are read in pages (`KeptChunks.hashes`).
 */
import type { Database, Rows, SqlParameter, SqlRow } from "./sql.ts";

/** What of a database a statement needs. */
type Runs = Pick<Database, "sql">;

export interface Statement<Values extends readonly SqlParameter[], Row> {
  /** All rows: what is written later does not change them. */
  all(db: Runs, ...values: Values): Row[];
  /** The first row, for queries that give few. */
  first(db: Runs, ...values: Values): Row | undefined;
  /** The only row. Throws where there is none, or more than one. */
  one(db: Runs, ...values: Values): Row;
  /** Runs it for its writes. @returns whether anything was written. */
  run(db: Runs, ...values: Values): boolean;
}

/** @param query `?`, in the order of the values, or `?1`, `?2`, … */
export function stmt<Values extends readonly SqlParameter[], Row extends object = never>(
  query: string,
): Statement<Values, Row> {
  const exec = (db: Runs, values: Values): Rows<Row> => {
    const rows: Rows<unknown> = db.sql.exec<SqlRow>(query, ...values);
    return rows as Rows<Row>;
  };
  return {
    all: (db, ...values) => exec(db, values).toArray(),
    first: (db, ...values) => exec(db, values).toArray()[0],
    one: (db, ...values) => exec(db, values).one(),
    run: (db, ...values) => exec(db, values).rowsWritten > 0,
  };
}
