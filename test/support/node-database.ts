/** The database port over `node:sqlite`, in memory: what the engine runs on in tests that need no Durable Object. */
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import {
  type Database,
  type DatabaseAdapter,
  databaseOf,
  type Rows,
  type SqlParameter,
  type SqlRow,
  type SqlValue,
} from "../../server/shared/lib/sql.ts";

/** One SQLite, and as many ports to it as a test opens: a new port has no memory of what was read before. */
export interface NodeSqlite {
  readonly open: () => Database;
  /** What a port is made from, for tests that put something in between. */
  readonly adapter: DatabaseAdapter;
}

/** @param now ms since 1970. */
export function nodeSqlite(now: () => number): NodeSqlite {
  const db = new DatabaseSync(":memory:");
  // Preparing takes longer than running; there are as many as the code under test has.
  const prepared = new Map<string, Prepared>();
  const prepare = (query: string): Prepared => {
    const known = prepared.get(query) ?? preparedOf(db, query);
    prepared.set(query, known);
    return known;
  };
  let depth = 0;
  const adapter: DatabaseAdapter = {
    now,
    sql: {
      exec: <Row extends SqlRow>(query: string, ...values: SqlParameter[]): Rows<Row> => {
        if (values.length > 0 || !/;\s*\S/.test(query)) return rowsOf<Row>(prepare(query), values);
        db.exec(query);
        return inMemory<Row>([], 0);
      },
    },
    transaction: (step) => {
      const savepoint = `nested_${depth}`;
      db.exec(`SAVEPOINT ${savepoint}`);
      depth += 1;
      try {
        return step();
      } catch (cause) {
        db.exec(`ROLLBACK TO ${savepoint}`);
        throw cause;
      } finally {
        depth -= 1;
        db.exec(`RELEASE ${savepoint}`);
      }
    },
  };
  return { adapter, open: () => databaseOf(adapter) };
}

interface Prepared {
  readonly statement: StatementSync;
  readonly givesRows: boolean;
  readonly isWrite: boolean;
  /** Whether values have numbers: node:sqlite takes those for names. */
  readonly isNumbered: boolean;
}

function preparedOf(db: DatabaseSync, query: string): Prepared {
  const statement = db.prepare(query);
  return {
    statement,
    givesRows: statement.columns().length > 0,
    isWrite: !/^\s*SELECT/i.test(query),
    isNumbered: /\?\d/.test(query),
  };
}

function rowsOf<Row extends SqlRow>(
  { statement, givesRows, isWrite, isNumbered }: Prepared,
  values: readonly SqlParameter[],
): Rows<Row> {
  const given = values.map((value): SQLInputValue => (value instanceof ArrayBuffer ? new Uint8Array(value) : value));
  const numbered = Object.fromEntries(given.map((value, i) => [`?${i + 1}`, value]));
  if (!givesRows) {
    const { changes } = isNumbered ? statement.run(numbered) : statement.run(...given);
    return inMemory<Row>([], Number(changes));
  }
  const rows = isNumbered ? statement.all(numbered) : statement.all(...given);
  return inMemory(rows.map(rowOf) as Row[], isWrite ? rows.length : 0);
}

function rowOf(given: Record<string, SQLOutputValue>): SqlRow {
  const row: SqlRow = {};
  for (const [name, value] of Object.entries(given)) row[name] = valueOf(value);
  return row;
}

function valueOf(value: SQLOutputValue): SqlValue {
  if (value instanceof Uint8Array) return new Uint8Array(value).buffer;
  if (typeof value === "bigint") throw new RangeError("an integer that a number can't hold");
  return value;
}

function inMemory<Row>(rows: Row[], rowsWritten: number): Rows<Row> {
  return {
    rowsWritten,
    [Symbol.iterator]: () => rows[Symbol.iterator](),
    toArray: () => rows,
    one: () => {
      const [row] = rows;
      if (row === undefined || rows.length > 1) throw new Error(`expected one row, got ${rows.length}`);
      return row;
    },
  };
}
