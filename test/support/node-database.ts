/** The database port over `node:sqlite`, in memory: what the engine runs on in tests that need no Durable Object. */
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from "node:sqlite";
import {
  type Database,
  type DatabaseAdapter,
  databaseOf,
  type Rows,
  type SqlRow,
  type SqlValue,
} from "../../server/shared/lib/sql.ts";

/** One SQLite, and as many ports to it as a test opens: a new port has no memory of what was read before. */
export interface NodeSqlite {
  readonly open: () => Database;
}

/** @param now ms since 1970. */
export function nodeSqlite(now: () => number): NodeSqlite {
  const db = new DatabaseSync(":memory:");
  let depth = 0;
  const adapter: DatabaseAdapter = {
    now,
    sql: { exec: <Row extends SqlRow>(query: string, ...values: SqlValue[]) => rowsOf<Row>(db, query, values) },
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
  return { open: () => databaseOf(adapter) };
}

function rowsOf<Row extends SqlRow>(db: DatabaseSync, query: string, values: readonly SqlValue[]): Rows<Row> {
  if (values.length === 0 && /;\s*\S/.test(query)) {
    db.exec(query);
    return inMemory<Row>([], 0);
  }
  const statement = db.prepare(query);
  const given = values.map((value): SQLInputValue => (value instanceof ArrayBuffer ? new Uint8Array(value) : value));
  // Numbered parameters have names for node:sqlite, and it counts only those without.
  const isNumbered = /\?\d/.test(query);
  const numbered = Object.fromEntries(given.map((value, i) => [`?${i + 1}`, value]));
  if (statement.columns().length === 0) {
    const { changes } = isNumbered ? statement.run(numbered) : statement.run(...given);
    return inMemory<Row>([], Number(changes));
  }
  const rows = isNumbered ? statement.all(numbered) : statement.all(...given);
  const isWrite = !/^\s*SELECT/i.test(query);
  return inMemory(
    rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, valueOf(value)])) as Row),
    isWrite ? rows.length : 0,
  );
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
