import { expect, test } from "vitest";
import { isNestedDeeper } from "../../../server/shared/json/json-depth.ts";

const nested = (levels: number, open: string, close: string): unknown =>
  JSON.parse(open.repeat(levels) + close.repeat(levels).replace(/^}/, "1}"));

test.each([
  ["[", "]"],
  ['{"a":', "}"],
])("levels of %s are counted, empty ones too", (open, close) => {
  expect(isNestedDeeper(nested(64, open, close), 64)).toBe(false);
  expect(isNestedDeeper(nested(65, open, close), 64)).toBe(true);
});

test("a value without levels is not deep, whatever it is beside", () => {
  for (const value of [null, 1, "[[[]]]", true]) expect(isNestedDeeper(value, 0)).toBe(false);
  expect(isNestedDeeper([[], [], { a: [] }], 2)).toBe(true);
  expect(isNestedDeeper([[], [], { a: 1 }], 2)).toBe(false);
});

test("100,000 levels take no stack", () => {
  expect(isNestedDeeper(nested(100_000, "[", "]"), 64)).toBe(true);
});
