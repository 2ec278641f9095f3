/**
 * What `package.json` of an installed package says. A workspace's own names its sources, so that the repository runs without a
 * build; here they become the built files. Version, licence and repository are the root's.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";

const dependenciesSchema = z.record(z.string(), z.string());
const manifestSchema = z.object({
  name: z.string(),
  description: z.string(),
  keywords: z.array(z.string()),
  type: z.literal("module"),
  sideEffects: z.literal(false).optional(),
  exports: z.record(z.string(), z.string()).optional(),
  bin: z.record(z.string(), z.string()).optional(),
  dependencies: dependenciesSchema,
  peerDependencies: dependenciesSchema.optional(),
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean() })).optional(),
  engines: dependenciesSchema,
});
export type Manifest = z.infer<typeof manifestSchema>;
const rootSchema = z.object({ version: z.string(), license: z.string() });

export async function readManifest(folder: string): Promise<Manifest> {
  return manifestSchema.parse(JSON.parse(await readFile(join(folder, "package.json"), "utf8")));
}

/** The files that a package is entered by, relative to its workspace. */
export function sourcesOf({ exports, bin }: Manifest): string[] {
  return [...Object.values(exports ?? {}), ...Object.values(bin ?? {})];
}

/**
 * @param workspace relative to `root`: the built files keep their place in the repository.
 * @param assets names of the files beside them that are entries too.
 */
export async function publishedManifest(
  root: string,
  workspace: string,
  manifest: Manifest,
  assets: readonly string[],
): Promise<object> {
  const { version, license } = rootSchema.parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")));
  const { name, description, exports, bin, dependencies, ...rest } = manifest;
  const built = (source: string): string => `./dist/${join(workspace, source).replace(/\.ts$/, "")}`;
  const conditions = (source: string): object => ({ types: `${built(source)}.d.ts`, default: `${built(source)}.js` });
  const scripts = assets.filter((asset) => asset.endsWith(".js"));
  const given = Object.fromEntries(
    scripts.map((asset) => [
      `./${asset}`,
      { types: `./dist/${asset.replace(/js$/, "d.ts")}`, default: `./dist/${asset}` },
    ]),
  );
  return {
    name,
    version,
    description,
    license,
    ...rest,
    ...(exports && { exports: { ...mapValues(exports, conditions), ...given, "./package.json": "./package.json" } }),
    ...(bin && { bin: mapValues(bin, (source) => `${built(source)}.js`) }),
    files: ["dist"],
    // Packages of one release belong together.
    dependencies: mapValues(dependencies, (range, each) => (each.startsWith("@roomtone/") ? version : range)),
  };
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
