/**
 * Every rule of the specification and every limit of the contract has a test that bears its name: `[K1] …` at the beginning of
 * the title, `[limit:<name>]` anywhere in it. Reads the tests as text.
 */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { limitRows } from "../../schemas/limits.ts";

const root = new URL("../../", import.meta.url);

/** All texts in quotes that look like titles; `sized-bodies.ts` has those of a table of `sizes.test.ts`. */
const titles: readonly string[] = readdirSync(new URL("test/", root), { recursive: true, encoding: "utf8" })
  .filter((path) => /(\.(test|contract)|\/sized-bodies)\.ts$/.test(path))
  .flatMap((path) => {
    const text = readFileSync(new URL(`test/${path}`, root), "utf8");
    return [...text.matchAll(/(["`])([^"`\n]*\[[\w:$ ]+\][^"`\n]*)\1/g)].map(([, , title = ""]) => title);
  });

test("every rule of SPEC.md has a test whose title begins with its number, and no number is made up", () => {
  const spec = readFileSync(new URL("schemas/SPEC.md", root), "utf8");
  const rules = [...spec.matchAll(/^- \*\*([A-Z]+\d+)\*\*/gm)].map(([, rule = ""]) => rule);
  const tested = new Set(titles.flatMap((title) => /^\[([A-Z]+\d+)\]/.exec(title)?.[1] ?? []));
  expect(rules.length).toBeGreaterThan(80);
  expect(rules.filter((rule) => !tested.has(rule))).toEqual([]);
  expect([...tested].filter((rule) => !rules.includes(rule))).toEqual([]);
});

test("every limit has a test at its edge, and no test speaks of a limit that there is not", () => {
  const tagged = new Set(titles.flatMap((title) => [...title.matchAll(/\[limit:(\w+)\]/g)].map(([, name]) => name)));
  const names = limitRows.map(({ name }) => name);
  expect(names.filter((name) => !tagged.has(name))).toEqual([]);
  expect([...tagged].filter((name) => !names.some((known) => known === name))).toEqual([]);
});
