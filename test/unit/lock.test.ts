import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Entry {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8")) as {
  packages: Readonly<Record<string, Entry>>;
};
const installed = Object.entries(packages).filter(([key, { link }]) => key.includes("node_modules/") && !link);

test("every package that the lock installs is held to its bytes", () => {
  expect(installed.length).toBeGreaterThan(100);
  const unchecked = installed.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"));
  expect(unchecked.map(([key]) => key)).toEqual([]);
});

test("every platform's packages are in the lock, so that `npm ci` takes it elsewhere too", () => {
  const wanted = Object.values(packages).flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies ?? {}));
  expect(wanted.filter((name) => !installed.some(([key]) => key.endsWith(`node_modules/${name}`)))).toEqual([]);
});
