/** What every database port guarantees: run against a Durable Object's SQLite and against `node:sqlite`. */
import { describe, expect, test } from "vitest";
import { cached, cachedByKey } from "../../server/shared/lib/cached.ts";
import type { Database } from "../../server/shared/lib/sql.ts";
import { stmt } from "../../server/shared/lib/stmt.ts";

/** Hands a step the port to a database without tables. */
export type WithDatabase = (step: (db: Database) => void) => Promise<void> | void;

const put = stmt<[id: number, note: string | null]>("INSERT INTO items (id, note) VALUES (?, ?)");
const rename = stmt<[id: number, note: string]>("UPDATE items SET note = ?2 WHERE id = ?1");
const remove = stmt<[id: number]>("DELETE FROM items WHERE id = ?");
const dropAll = stmt<[], { id: number }>("DELETE FROM items RETURNING id");
const everything = stmt<[], { id: number; note: string | null }>("SELECT id, note FROM items ORDER BY id");
const noteOf = stmt<[id: number], { note: string | null }>("SELECT note FROM items WHERE id = ?");
const count = stmt<[], { n: number }>("SELECT count(*) AS n FROM items");
const putBlob = stmt<[id: number, bytes: ArrayBuffer]>("INSERT INTO blobs (id, bytes) VALUES (?, ?)");
const blobOf = stmt<[id: number], { bytes: ArrayBuffer }>("SELECT bytes FROM blobs WHERE id = ?");

const ids = (db: Database): number[] => everything.all(db).map(({ id }) => id);

/** The number of items, kept in memory. */
function copyOf(db: Database): { get(): number; add(id: number): void } {
  const total = cached(db, () => count.one(db).n);
  const add = (id: number): void => {
    const before = total.get();
    put.run(db, id, null);
    total.set(before + 1);
  };
  return { get: () => total.get(), add };
}

export function databaseContract(name: string, withDatabase: WithDatabase): void {
  const onItems = (step: (db: Database) => void) => () =>
    withDatabase((db) => {
      db.sql.exec(
        `CREATE TABLE items (id INTEGER PRIMARY KEY, note TEXT UNIQUE, CHECK (id > 0)) WITHOUT ROWID;
         CREATE TABLE blobs (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);`,
      );
      step(db);
    });
  describe(`database port over ${name}: values`, () => {
    test(
      "nulls, texts and numbers come back as they went in",
      onItems((db) => {
        put.run(db, 1, null);
        put.run(db, 2, "");
        put.run(db, 3, "ü \u{1F600} 'quoted' ?1; --");
        expect(everything.all(db)).toEqual([
          { id: 1, note: null },
          { id: 2, note: "" },
          { id: 3, note: "ü \u{1F600} 'quoted' ?1; --" },
        ]);
        expect(db.sql.exec("SELECT ? AS half, ? AS below", 0.5, -1.25e-300).one()).toEqual({
          half: 0.5,
          below: -1.25e-300,
        });
      }),
    );

    test.for([0, 1, 2 ** 31, 2 ** 32 + 1, 1_795_861_201_842, Number.MAX_SAFE_INTEGER])(
      "a whole number is exact in a column of integers: %i",
      (value) =>
        withDatabase((db) => {
          db.sql.exec("CREATE TABLE numbers (plus INTEGER, minus INTEGER)");
          db.sql.exec("INSERT INTO numbers VALUES (?, ?)", value, -value);
          const row = db.sql.exec("SELECT plus, minus, typeof(plus) AS type FROM numbers").one();
          expect(row).toEqual({ plus: value, minus: value === 0 ? 0 : -value, type: "integer" });
        }),
    );

    test(
      "blobs come back as buffers of exactly their bytes",
      onItems((db) => {
        const bytes = Uint8Array.from({ length: 32_000 }, (_, i) => i % 251);
        putBlob.run(db, 1, bytes.buffer);
        const { bytes: kept } = blobOf.one(db, 1);
        expect(kept).toBeInstanceOf(ArrayBuffer);
        expect(kept.byteLength).toBe(32_000);
        expect(new Uint8Array(kept).every((byte, i) => byte === bytes[i])).toBe(true);
      }),
    );

    test(
      "an empty blob is no null",
      onItems((db) => {
        putBlob.run(db, 1, new ArrayBuffer(0));
        expect(blobOf.one(db, 1).bytes.byteLength).toBe(0);
      }),
    );

    test(
      "a blob that was read is the reader's own",
      onItems((db) => {
        putBlob.run(db, 1, new Uint8Array([1, 2, 3]).buffer);
        new Uint8Array(blobOf.one(db, 1).bytes).fill(9);
        expect([...new Uint8Array(blobOf.one(db, 1).bytes)]).toEqual([1, 2, 3]);
      }),
    );
  });

  describe(`database port over ${name}: statements`, () => {
    test(
      "`first` gives undefined where there is no row, `one` throws there and where there are two",
      onItems((db) => {
        expect(noteOf.first(db, 1)).toBeUndefined();
        expect(() => noteOf.one(db, 1)).toThrow(/one/);
        put.run(db, 1, "a");
        put.run(db, 2, "b");
        expect(noteOf.one(db, 2)).toEqual({ note: "b" });
        expect(() => everything.one(db)).toThrow(/one/);
      }),
    );

    test(
      "`run` says whether anything was written",
      onItems((db) => {
        expect(put.run(db, 1, "a")).toBe(true);
        expect(rename.run(db, 1, "b")).toBe(true);
        expect(rename.run(db, 2, "c")).toBe(false);
        expect(remove.run(db, 2)).toBe(false);
        expect(remove.run(db, 1)).toBe(true);
      }),
    );

    test(
      "RETURNING gives the rows, and all of them are written though one is read",
      onItems((db) => {
        for (const id of [1, 2, 3]) put.run(db, id, null);
        expect(dropAll.first(db)).toBeDefined();
        expect(count.one(db).n).toBe(0);
      }),
    );

    test(
      "values have their places by number too, and may be used twice",
      onItems((db) => {
        const twice = stmt<[a: number, b: number], { sum: number }>("SELECT ?2 * 100 + ?1 * 10 + ?2 AS sum");
        expect(twice.one(db, 1, 2)).toEqual({ sum: 212 });
      }),
    );

    test(
      "rows read at once don't change with what is written after",
      onItems((db) => {
        for (const id of [1, 2, 3]) put.run(db, id, null);
        const rows = everything.all(db);
        remove.run(db, 2);
        put.run(db, 4, null);
        expect(rows.map(({ id }) => id)).toEqual([1, 2, 3]);
        expect(ids(db)).toEqual([1, 3, 4]);
      }),
    );

    test(
      "a loop over rows may ask other questions, the same one included, write, and be left early",
      onItems((db) => {
        for (const id of [1, 2, 3]) put.run(db, id, `n${id}`);
        const seen: string[] = [];
        db.transaction(() => {
          for (const { id } of everything.all(db)) {
            if (id === 3) break;
            seen.push(`${id}: ${noteOf.first(db, id)?.note} of ${everything.all(db).length}`);
            remove.run(db, id + 1);
          }
        });
        expect(seen).toEqual(["1: n1 of 3", "2: undefined of 2"]);
        db.sql.exec("DROP TABLE items");
      }),
    );

    test(
      "what can't be parsed throws, and nothing is changed",
      onItems((db) => {
        expect(() => db.sql.exec("SELEKT 1")).toThrow(/syntax error/);
        expect(() => db.sql.exec("SELECT * FROM nowhere")).toThrow(/no such table/);
        put.run(db, 1, "still good");
        expect(ids(db)).toEqual([1]);
      }),
    );
  });

  describe(`database port over ${name}: constraints`, () => {
    test(
      "a broken constraint throws with its name, and writes nothing of the statement",
      onItems((db) => {
        put.run(db, 1, "a");
        expect(() => put.run(db, 1, "b")).toThrow(/UNIQUE constraint failed: items.id/);
        expect(() => put.run(db, 2, "a")).toThrow(/UNIQUE constraint failed: items.note/);
        expect(() => put.run(db, -1, "c")).toThrow(/CHECK constraint failed/);
        expect(() => db.sql.exec("INSERT INTO blobs (id, bytes) VALUES (1, NULL)")).toThrow(
          /NOT NULL constraint failed/,
        );
        expect(() => db.sql.exec("INSERT INTO items (id) VALUES (2), (3), (1)")).toThrow(/UNIQUE/);
        expect(everything.all(db)).toEqual([{ id: 1, note: "a" }]);
      }),
    );

    test(
      "caught inside a transaction, it leaves the rest of it standing",
      onItems((db) => {
        db.transaction(() => {
          put.run(db, 1, "a");
          expect(() => put.run(db, 1, "b")).toThrow(/UNIQUE/);
          put.run(db, 2, "b");
        });
        expect(ids(db)).toEqual([1, 2]);
      }),
    );
  });

  describe(`database port over ${name}: transactions`, () => {
    test(
      "all of a step is written, and what it returns comes out",
      onItems((db) => {
        const answer = db.transaction(() => {
          put.run(db, 1, "a");
          put.run(db, 2, "b");
          return "done";
        });
        expect(answer).toBe("done");
        expect(ids(db)).toEqual([1, 2]);
      }),
    );

    test(
      "a step sees its own writes; when it throws none is left and the same error comes out",
      onItems((db) => {
        put.run(db, 1, "before");
        const bug = new Error("in the middle");
        const step = (): void => {
          rename.run(db, 1, "within");
          put.run(db, 2, "b");
          expect(everything.all(db)).toHaveLength(2);
          expect(noteOf.one(db, 1).note).toBe("within");
          throw bug;
        };
        let thrown: unknown;
        try {
          db.transaction(step);
        } catch (cause) {
          thrown = cause;
        }
        expect(thrown).toBe(bug);
        expect(everything.all(db)).toEqual([{ id: 1, note: "before" }]);
      }),
    );

    test(
      "tables that a step makes go with it",
      onItems((db) => {
        expect(() =>
          db.transaction(() => {
            db.sql.exec("CREATE TABLE other (a INTEGER); INSERT INTO other VALUES (1)");
            throw new Error("no");
          }),
        ).toThrow("no");
        expect(() => db.sql.exec("SELECT * FROM other")).toThrow(/no such table/);
      }),
    );

    test(
      "an inner step that throws is undone alone where the outer one catches it",
      onItems((db) => {
        db.transaction(() => {
          put.run(db, 1, "outer");
          expect(() =>
            db.transaction(() => {
              put.run(db, 2, "inner");
              throw new Error("inner");
            }),
          ).toThrow("inner");
          put.run(db, 3, "after");
        });
        expect(ids(db)).toEqual([1, 3]);
      }),
    );

    test(
      "an inner step that succeeded is undone with the outer one",
      onItems((db) => {
        expect(() =>
          db.transaction(() => {
            db.transaction(() => db.transaction(() => put.run(db, 1, "innermost")));
            put.run(db, 2, "outer");
            throw new Error("outer");
          }),
        ).toThrow("outer");
        expect(ids(db)).toEqual([]);
      }),
    );
  });

  describe(`database port over ${name}: copies in memory`, () => {
    test(
      "a copy that a step changed is forgotten when the step is undone, before its error comes out",
      onItems((db) => {
        const copy = copyOf(db);
        copy.add(1);
        let seenByCatcher = 0;
        try {
          db.transaction(() => {
            copy.add(2);
            expect(copy.get()).toBe(2);
            throw new Error("undone");
          });
        } catch {
          seenByCatcher = copy.get();
        }
        expect(seenByCatcher).toBe(1);
      }),
    );

    test(
      "an inner step that is undone takes back its own change only, and the outer one the rest",
      onItems((db) => {
        const copy = copyOf(db);
        expect(() =>
          db.transaction(() => {
            copy.add(1);
            expect(() =>
              db.transaction(() => {
                copy.add(2);
                throw new Error("inner");
              }),
            ).toThrow("inner");
            expect(copy.get()).toBe(1);
            copy.add(3);
            expect(copy.get()).toBe(2);
            throw new Error("outer");
          }),
        ).toThrow("outer");
        expect(copy.get()).toBe(0);
      }),
    );

    test(
      "rows are read once, and one copy by key is as good as many",
      onItems((db) => {
        put.run(db, 1, "a");
        put.run(db, 2, "b");
        let reads = 0;
        const notes = cachedByKey(db, (id: number) => {
          reads += 1;
          return noteOf.first(db, id)?.note;
        });
        expect([notes.get(1), notes.get(2), notes.get(1), notes.get(3), notes.get(3)]).toEqual([
          "a",
          "b",
          "a",
          undefined,
          undefined,
        ]);
        expect(reads).toBe(3);
        rename.run(db, 1, "c");
        notes.forget(1);
        expect([notes.get(1), notes.get(2)]).toEqual(["c", "b"]);
        expect(reads).toBe(4);
      }),
    );
  });
}
