/**
 * `npm run lock`: after `npm install`, completes package-lock.json from the registry. npm leaves an optional package out of the
 * lock where its registry did not have it, and `npm ci` then refuses the lock as incomplete; it also writes some entries
 * without their `integrity`. Every entry gets both from the packument of its exact version; what the registry does not
 * have is listed, and the command fails. `test/unit/lock.test.ts` holds the lock to it.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import * as z from "zod";
import { defineCommand } from "./cli/define-command.ts";
import { readOptions } from "./cli/run-command.ts";

readOptions(
  defineCommand({
    name: "npm run lock --",
    description: "Completes package-lock.json from the registry, after npm install.",
  }),
);

const path = "package-lock.json";
const nodeModules = "node_modules/";
/** Records, not objects: keys keep the order in which npm writes them. */
const recordSchema = z.record(z.string(), z.unknown());
const packagesSchema = z.record(z.string(), recordSchema);
const entrySchema = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});
const listSchema = z.union([z.array(z.string()), z.string().transform((one) => [one])]).optional();
const manifestSchema = z.object({
  "dist.integrity": z.string(),
  license: z.string().optional(),
  cpu: listSchema,
  os: listSchema,
  libc: listSchema,
  engines: z.record(z.string(), z.string()).optional(),
});
type Manifest = z.infer<typeof manifestSchema>;

const fields = Object.keys(manifestSchema.shape);
const run = promisify(execFile);

/** Undefined where the registry has no such version. */
async function manifestOf(name: string, version: string): Promise<Manifest | undefined> {
  const { stdout } = await run("npm", ["view", `${name}@${version}`, ...fields, "--json"]).catch((cause: unknown) => {
    console.error(
      `${name}@${version}: ${cause instanceof Error ? cause.message.split("\n", 1).join() : String(cause)}`,
    );
    return { stdout: "" };
  });
  return stdout === "" ? undefined : manifestSchema.parse(JSON.parse(stdout));
}

const lock = recordSchema.parse(JSON.parse(readFileSync(path, "utf8")));
const packages = packagesSchema.parse(lock["packages"]);
let added = 0;
for (const entry of Object.values(packages)) {
  for (const [name, version] of Object.entries(entrySchema.parse(entry).optionalDependencies)) {
    // A range has no packument of its own; npm resolves those by itself.
    if (packages[`${nodeModules}${name}`] || !/^\d/.test(version)) continue;
    packages[`${nodeModules}${name}`] = { version, dev: true, optional: true };
    added += 1;
  }
}

let completed = 0;
for (const [key, entry] of Object.entries(packages)) {
  const { name, version, integrity, link } = entrySchema.parse(entry);
  if (!key.includes(nodeModules) || version === undefined || integrity !== undefined || link) continue;
  const manifest = await manifestOf(name ?? key.slice(key.lastIndexOf(nodeModules) + nodeModules.length), version);
  if (manifest === undefined) {
    process.exitCode = 1;
    continue;
  }
  const { "dist.integrity": known, ...rest } = manifest;
  packages[key] = { version, integrity: known, ...entry, ...rest };
  completed += 1;
}
lock["packages"] = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${path}: ${added} platform packages added, ${completed} entries completed from the registry`);
