/** Every limit has a test at its edge, with `[limit:<name>]` in its title. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { limitRows } from "../../../schemas/limits.ts";

const root = new URL("../../", import.meta.url);
const tagged = new Set(
  readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts"))
    .flatMap((path) => [...readFileSync(new URL(path, root), "utf8").matchAll(/"[^"\n]*\[limit:\w+\][^"\n]*"/g)])
    .flatMap(([title]) => [...title.matchAll(/\[limit:(\w+)\]/g)].map(([, name = ""]) => name)),
);

test.each(limitRows)("$name has a test of its own", ({ name }) => {
  expect(tagged).toContain(name);
});

test("no test speaks of a limit that there is not", () => {
  const names = new Set(limitRows.map(({ name }) => name));
  expect([...tagged].filter((name) => !names.has(name))).toEqual([]);
});
