/** JSON that a terminal shows: the same value, and nothing in it that steers. */
import { expect, test } from "vitest";
import { plainJson } from "../../../schemas/plain-json.ts";

test("[V1] every character comes back as it was, and those that steer a terminal are written as numbers", () => {
  const all = String.fromCharCode(...Array.from({ length: 0x3000 }, (_, code) => code));
  const value = { [`key ${all}`]: [all, 1, null, { deep: `"\\${all}` }], emoji: "🎉" };
  for (const space of [undefined, 2]) {
    const text = plainJson(value, space);
    expect(JSON.parse(text)).toEqual(value);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
  }
  expect(plainJson("a\u009bb\u0085\u2028")).toBe('"a\\u009bb\\u0085\\u2028"');
  expect(plainJson({ a: [1] }, 2)).toBe(JSON.stringify({ a: [1] }, null, 2));
});
