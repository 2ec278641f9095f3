/**
 * The port through which an engine uses its database: synchronous SQL, one atomic step, the clock, and the moment at which
 * memory that copies rows must be forgotten. Rooms get it over a Durable Object's SQLite (`durable-database.ts`), tests in
 * Node over `node:sqlite` (`test/support/node-database.ts`); one suite of tests holds both (`test/support/database-contract.ts`).
 */

/** A value of a row. Numbers are exact up to `Number.MAX_SAFE_INTEGER`. */
export type SqlValue = string | number | null | ArrayBuffer;
/** A value that is given to a statement. Of a view the bytes it shows are taken, from where they are: nothing copies them before. */
export type SqlParameter = SqlValue | Uint8Array;
export type SqlRow = Record<string, SqlValue>;

/** The rows of one statement. Read them before the next one: later they may or may not show what was written since. */
export interface Rows<Row> extends Iterable<Row> {
  toArray(): Row[];
  /** Throws unless there is exactly one. */
  one(): Row;
  /** 0 where nothing was written; else at least the number of rows, since a database may count its indexes' too. */
  readonly rowsWritten: number;
}

export interface Sql {
  /** Runs a statement, or a script of several that take no values. */
  exec<Row extends SqlRow>(query: string, ...values: SqlParameter[]): Rows<Row>;
}

/** What an adapter has to bring along. */
export interface DatabaseAdapter {
  readonly sql: Sql;
  /** Runs `step` atomically: all its writes, or none when it throws. May be nested: the inner one is undone alone. */
  readonly transaction: <T>(step: () => T) => T;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Database extends DatabaseAdapter {
  /** Has `forget` called after each transaction that was undone, before its error reaches the caller. For ever: see `cached.ts`. */
  readonly onRollback: (forget: () => void) => void;
}

export function databaseOf({ sql, transaction, now }: DatabaseAdapter): Database {
  const forgets: (() => void)[] = [];
  return {
    sql,
    now,
    transaction: (step) => {
      try {
        return transaction(step);
      } catch (cause) {
        for (const forget of forgets) forget();
        throw cause;
      }
    },
    onRollback: (forget) => {
      forgets.push(forget);
    },
  };
}
