/** The bugs that `npm run chaos:planted` plants can still be planted: their edits find their text. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { planted, plants } from "./engine/plants.ts";

function read(file: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), "utf8");
}

it.each(plants)("$name: every edit finds its text, once, and changes it", (plant) => {
  for (const [file, text] of planted(plant, read)) expect(text).not.toBe(read(file));
});

it("a plant whose text is gone, or there twice, is an error", () => {
  const plant = { name: "none", rule: "K1", edits: [{ file: "a.ts", find: "x", replace: "y" }] };
  expect(() => planted(plant, () => "abc")).toThrow(/0 times/);
  expect(() => planted(plant, () => "x x")).toThrow(/2 times/);
  expect(planted(plant, () => "a x")).toEqual(new Map([["a.ts", "a y"]]));
});
