/**
 * `npm run lock`: after `npm install`, adds the platform packages to package-lock.json that the registry at
 * hand did not have. npm leaves an optional package out of the lock when it can't be found, and `npm ci` then
 * refuses the lock as incomplete; with its version and platform named it is simply skipped elsewhere and
 * fetched where it belongs. These entries have no `integrity`: lock again against the full registry before a
 * release that is to be installed on those platforms.
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as z from "zod";

const path = "package-lock.json";
const entrySchema = z.looseObject({ optionalDependencies: z.record(z.string(), z.string()).optional() });
const lockSchema = z.looseObject({ packages: z.record(z.string(), entrySchema) });

const systems: readonly (readonly [RegExp, string])[] = [
  [/android/, "android"],
  [/darwin/, "darwin"],
  [/freebsd/, "freebsd"],
  [/openharmony/, "openharmony"],
  [/win32|windows/, "win32"],
  [/linux/, "linux"],
];
const processors: readonly (readonly [RegExp, string])[] = [
  [/arm64/, "arm64"],
  [/ia32/, "ia32"],
  [/ppc64/, "ppc64"],
  [/riscv64/, "riscv64"],
  [/s390x/, "s390x"],
  [/x64|-64$/, "x64"],
  [/arm/, "arm"],
];

function match(name: string, table: readonly (readonly [RegExp, string])[]): string | undefined {
  return table.find(([pattern]) => pattern.test(name))?.[1];
}

const lock = lockSchema.parse(JSON.parse(readFileSync(path, "utf8")));
let added = 0;
for (const { optionalDependencies } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    const os = match(name, systems);
    const cpu = match(name, processors);
    if (lock.packages[key] || os === undefined || cpu === undefined) continue;
    const libc = os === "linux" ? { libc: [/musl/.test(name) ? "musl" : "glibc"] } : {};
    lock.packages[key] = { version, cpu: [cpu], dev: true, ...libc, optional: true, os: [os] };
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${path}: ${added} platform packages added`);
