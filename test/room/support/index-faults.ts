/** D1 as it is on a bad day, a session at a time: for the statements that name it. */

export class IndexFaults {
  /** Statements that named the session, by their first word. */
  readonly statements: string[] = [];
  #before: (verb: string) => Promise<void> | void = () => {};

  /** Every statement fails, or those that begin with a word. */
  fail(verb?: "INSERT" | "DELETE"): void {
    this.#before = (asked) => {
      if (verb === undefined || verb === asked) throw new Error("D1_ERROR: Network connection lost.");
    };
  }

  /** Statements neither succeed nor fail until the returned function is called. */
  hold(verb?: "INSERT" | "DELETE"): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#before = (asked) => (verb === undefined || verb === asked ? promise : undefined);
    return resolve;
  }

  heal(): void {
    this.#before = () => {};
  }

  async run<T>(verb: string, work: () => Promise<T>): Promise<T> {
    this.statements.push(verb);
    await this.#before(verb);
    return work();
  }
}

const faultsBySession = new Map<string, IndexFaults>();

export function indexFaults(sessionId: string): IndexFaults {
  const known = faultsBySession.get(sessionId) ?? new IndexFaults();
  faultsBySession.set(sessionId, known);
  return known;
}

export function faultyIndex(db: D1Database): D1Database {
  const prepare = (sql: string): D1PreparedStatement => {
    const statement = db.prepare(sql);
    const bind = (...values: unknown[]): D1PreparedStatement => {
      const bound = statement.bind(...values);
      const faults = values.flatMap((value) => faultsBySession.get(String(value)) ?? [])[0];
      const verb = sql.trim().split(/\s/, 1).join();
      return faults ? replaced(bound, { run: () => faults.run(verb, () => bound.run()) }) : bound;
    };
    return replaced(statement, { bind });
  };
  return replaced(db, { prepare });
}

function replaced<T extends object>(target: T, methods: Readonly<Record<string, unknown>>): T {
  return new Proxy(target, {
    get(_, property) {
      if (typeof property === "string" && Object.hasOwn(methods, property)) return methods[property];
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
