import { describe, expect, test } from "vitest";
import { parseExactJson } from "../../../schemas/exact-json.ts";
import { randomFrom, seed } from "../support/random.ts";

const kept: readonly string[] = [
  "0",
  "-0",
  "0.0",
  "1.0",
  "-12.50",
  "1e2",
  "1E+2",
  "100000000000000000000",
  "9007199254740992",
  "0.1",
  "0.30000000000000004",
  // As C's %.17g writes a double.
  "0.10000000000000001",
  "3.1415926535897931",
  // Half way between two of one digit less, where JSON and toPrecision differ.
  "584091308008796.2",
  "1234567890123456800",
  "1180591620717411303424",
  "5e-324",
  "1.7976931348623157e308",
  "[1,2,{}]",
  '{"a":{"b":1},"b":1}',
  '[{"a":1},{"a":1}]',
  '"\\ud83d\\ude00"',
  '"a\\\\"',
  '{"a\\"":"}","":"{[,:"}',
  "true",
  ' { "a" : null } ',
];
test.each(kept)("[U5] %s is what JSON.parse makes of it", (text) => {
  expect(parseExactJson(text)).toEqual({ ok: true, value: JSON.parse(text) as unknown });
});

const lost: readonly [text: string, path: string, message: RegExp][] = [
  ["1234567890123456789", "", /string/],
  ['{"metadata":{"id":9007199254740993}}', "metadata.id", /string/],
  ["[1,-12345678901234567]", "1", /string/],
  ["1e400", "", /string/],
  ["-1e400", "", /string/],
  ["1e-400", "", /string/],
  ["12345678901234567890e-1", "", /string/],
  // The double next to it differs in the 18th digit, which as many digits as were sent would hide.
  ["143648461681378543530000", "", /string/],
  ['{"a":[{"__proto__":1}]}', "a.0.__proto__", /can't be kept/],
  ['{"\\u005f_proto__":{}}', "__proto__", /can't be kept/],
  ['{"a":1,"a":1}', "a", /twice/],
  ['{"x":{"a":1,"b":[{"a":2}],"\\u0061":3}}', "x.a", /twice/],
  ['{"a":"\\ud800"}', "a", /surrogate/],
  ['["ok","\\udc00\\ud800"]', "1", /surrogate/],
  ['{"\\ud800":1}', "\ud800", /surrogate/],
];
test.each(lost)("[U5] %s is refused, and named", (text, path, message) => {
  const parsed = parseExactJson(text);
  expect(parsed).toMatchObject({ ok: false, error: { path, message: expect.stringMatching(message) as string } });
});

test.each(["", "{", "{'a':1}", "NaN", "1,2", "[1,]", "\ufeff{}"])("[U5] %j is no JSON", (text) => {
  expect(parseExactJson(text)).toEqual({ ok: false, error: "not_json" });
});

/** Whether a whole number comes back with as many digits as it has before its noughts, which no double has more of than 17. */
function isSameWhenWritten(text: string): boolean {
  const [first = "", ...others] = text.replace(/0+$/, "");
  if (others.length > 16) return false;
  const written = `${first}${others.length > 0 ? "." : ""}${others.join("")}e+${text.length - 1}`;
  return Number(text).toExponential(others.length) === written;
}

describe(`random values (seed ${seed})`, () => {
  const random = randomFrom(seed);
  const names = ["a", "b", "_", "name", "é", '"', "\\", "{", "constructor", "toString"];
  const doubles = new DataView(new ArrayBuffer(8));
  const numberOf = (): number => {
    doubles.setUint32(0, random(2 ** 32));
    doubles.setUint32(4, random(2 ** 32));
    const value = doubles.getFloat64(0);
    return Number.isFinite(value) ? value : random(1_000);
  };
  const valueOf = (depth: number): unknown => {
    switch (random(depth > 3 ? 4 : 6)) {
      case 0:
        return numberOf();
      case 1:
        return names[random(names.length)];
      case 2:
        return random(2) === 0;
      case 3:
        return null;
      case 4:
        return Array.from({ length: random(4) }, () => valueOf(depth + 1));
      default:
        return Object.fromEntries(
          Array.from({ length: random(5) }, () => [names[random(names.length)], valueOf(depth + 1)]),
        );
    }
  };

  test("[U5] what JSON.stringify writes is read, the same value again", () => {
    for (let run = 0; run < 2_000; run += 1) {
      const value = valueOf(0);
      const text = JSON.stringify(value, null, random(3));
      // As texts: one of the names is "constructor", which an assertion takes for the object's own.
      expect(JSON.stringify(parseExactJson(text))).toBe(JSON.stringify({ ok: true, value }));
    }
  });

  test("[U5] a whole number is taken if and only if it comes back", () => {
    for (let run = 0; run < 5_000; run += 1) {
      const digits = BigInt(random(2 ** 32)) * BigInt(random(2 ** 32) + 1) * BigInt(random(2 ** 20) + 1);
      const text = String(digits);
      // Zeros at the end are no digits that a number could lose.
      if (text.endsWith("0")) continue;
      expect([text, parseExactJson(text).ok]).toEqual([
        text,
        BigInt(Number(text)) === digits || String(Number(text)) === text || isSameWhenWritten(text),
      ]);
    }
  });
});
