import { beforeAll, describe, expect, test } from "vitest";
import { parseJson } from "../../../schemas/lib/parse-json.ts";
import { randomFrom, seed } from "../support/random.ts";

/** What makes V8 misread names from here on. */
beforeAll(() => {
  parseJson(String.raw`{"\\":1,"a":{"\\":2}}`);
});

test.each(['"', "\n", "\\", "\u0001", "\\n", 'a"', "a\\"])(
  "[U5] %j is read as a name, after one that is a backslash",
  (name) => {
    for (const shape of [{ [name]: 1 }, { a: { [name]: [] } }, [{ b: 1, [name]: {} }]]) {
      const text = JSON.stringify(shape);
      expect(JSON.stringify(parseJson(text))).toBe(text);
    }
  },
);

test.each([
  '{"\\n":1,"__proto__":{"x":1},"\\n":[2,{"\\u0061":null}]}',
  ' [ { "\\"" : { } , "b" : [ ] } , -1.5e3 , true , "\\":" ] ',
  '"\\n\\":"',
  '["a\\\\":1',
  '{"\\n" 1}',
  "",
])("[U5] of %j it makes what JSON.parse makes", (text) => {
  const outcome = (parse: (text: string) => unknown): string => {
    try {
      return JSON.stringify(parse(text));
    } catch (error) {
      return String(error);
    }
  };
  expect(outcome(parseJson)).toBe(outcome(JSON.parse));
});

test("[U5] a name that is escaped may lie deeper than a stack is", () => {
  const text = `${'{"\\"":'.repeat(50_000)}1${"}".repeat(50_000)}`;
  let value = parseJson(text);
  let depth = 0;
  for (; typeof value === "object"; depth += 1) value = (value as Record<string, unknown>)['"'];
  expect([depth, value]).toEqual([50_000, 1]);
});

describe(`random values (seed ${seed})`, () => {
  test("[U5] what JSON.stringify writes is read, the same value again", () => {
    const random = randomFrom(seed);
    const words = ['"', "\\", "\n", "a", '\\"', "é", "{", ":", ",", "\u0000", '":'];
    const nameOf = (): string => Array.from({ length: random(4) }, () => words[random(words.length)]).join("");
    const valueOf = (depth: number): unknown => {
      if (depth > 3 || random(3) === 0) return [random(1e6) / 8, nameOf(), null, true][random(4)];
      const items = Array.from({ length: random(5) }, () => [nameOf(), valueOf(depth + 1)] as const);
      return random(3) === 0 ? items : Object.fromEntries(items);
    };
    for (let run = 0; run < 3_000; run += 1) {
      const value = valueOf(0);
      expect(JSON.stringify(parseJson(JSON.stringify(value, null, random(3))))).toBe(JSON.stringify(value));
    }
  });
});
