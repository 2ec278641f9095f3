/** D1 that fails for a moment, as it does on one machine while its file is made anew after a deletion: nobody is told who only reads. */
import { beforeEach, expect, test } from "vitest";
import { entriesInD1, keptInD1, sumsInD1 } from "../../server/app/billing/d1-entries.ts";
import { preferencesOf, setPreference } from "../../server/app/ai/preferences.ts";
import { SessionIndex } from "../../server/gateway/lifecycle/session-list.ts";
import { bindings } from "./support/bindings.ts";

const tenant = "busy";
const busy = "D1_ERROR: Failed to get session commit token: internal error";
const moments = { fails: 0, asked: 0 };

/** Of the next statements so many fail, whichever way they are asked. */
function failing(statement: D1PreparedStatement): D1PreparedStatement {
  return new Proxy(statement, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      if (property === "bind") return (...values: unknown[]) => failing(target.bind(...values));
      return (...values: unknown[]) => {
        moments.asked += 1;
        return moments.asked <= moments.fails
          ? Promise.reject(new Error(busy))
          : (value.apply(target, values) as unknown);
      };
    },
  });
}

const db = { prepare: (sql: string) => failing(bindings.DB.prepare(sql)) } as unknown as D1Database;
const index = new SessionIndex(db);
const reads: readonly [string, () => Promise<unknown>, unknown][] = [
  [
    "the list of sessions",
    () => index.page({ tenant, filters: {}, limit: 1, after: undefined }),
    { sessions: [], next_cursor: null },
  ],
  ["a session of the list", () => index.find({ tenant, sessionId: "none" }), undefined],
  ["a tenant's models", () => preferencesOf(db, `${tenant}-${Math.random()}`), {}],
  ["the choice of models", () => setPreference(db, tenant, "chat", null), undefined],
  ["entries of the ledger", () => entriesInD1(db, tenant, { after: 0, through: 9, most: 9 }), []],
  ["sums of the ledger", () => sumsInD1(db, tenant), expect.objectContaining({ entries: 0 })],
  ["meetings that are stored", () => keptInD1(db, tenant, "", 9), []],
];

beforeEach(() => {
  moments.asked = 0;
});

test.for(reads)("%s: asked again until D1 answers", async ([, read, answer]) => {
  moments.fails = 3;
  expect(await read()).toEqual(answer);
  expect(moments.asked).toBe(4);
});

test.for(reads.filter(([name]) => name !== "a tenant's models"))("%s: five times at most", async ([, read]) => {
  moments.fails = Infinity;
  await expect(read()).rejects.toThrow(busy);
  expect(moments.asked).toBe(5);
});
