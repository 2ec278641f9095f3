/**
 * The packages that others install, built into `dist/client` and `dist/cli`: a file of JavaScript and one of types for each
 * module, `schemas/` among them, so that a bundler keeps only what is used.
 */
import { execFile } from "node:child_process";
import { copyFile, glob, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { rolldown } from "rolldown";
import { workletSource } from "../../client/browser/worklet-source.ts";
import { portableTypes } from "./portable-types.ts";
import { type Manifest, publishedManifest, readManifest, sourcesOf } from "./manifest.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
export const distFolder = join(root, "dist");

/** The workspaces that others install. */
const workspaces = ["client", "client/cli"] as const;

/** Files that no module imports, and that a page's server gives out. */
const assets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  client: { "worklet.js": workletSource, "worklet.d.ts": "export {};\n" },
};

/** @returns the folders that can be packed, in the order of `workspaces`. */
export function buildPackages(): Promise<string[]> {
  return Promise.all(workspaces.map((workspace) => buildPackage(workspace)));
}

async function buildPackage(workspace: string): Promise<string> {
  const manifest = await readManifest(join(root, workspace));
  const target = join(distFolder, workspace.split("/").at(-1) ?? workspace);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await Promise.all([
    buildModules(workspace, manifest, target),
    ...(manifest.exports ? [buildTypes(workspace, target)] : []),
    writeAssets(join(target, "dist"), assets[workspace] ?? {}),
    copyFile(join(root, workspace, "README.md"), join(target, "README.md")),
    writeFile(
      join(target, "package.json"),
      `${JSON.stringify(await publishedManifest(root, workspace, manifest, Object.keys(assets[workspace] ?? {})), null, 2)}\n`,
    ),
  ]);
  return target;
}

async function writeAssets(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

async function buildModules(workspace: string, manifest: Manifest, target: string): Promise<void> {
  const bundle = await rolldown({
    input: sourcesOf(manifest).map((source) => join(root, workspace, source)),
    // Only our own sources are in the package: all else is a dependency of it.
    external: (id) => !id.startsWith(".") && !isAbsolute(id),
    transform: { target: "es2022" },
    platform: "neutral",
  });
  await bundle.write({
    dir: join(target, "dist"),
    format: "esm",
    preserveModules: true,
    preserveModulesRoot: root,
    entryFileNames: "[name].js",
  });
  await bundle.close();
}

async function buildTypes(workspace: string, target: string): Promise<void> {
  const outDir = join(target, "dist");
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const project = join(root, workspace, "tsconfig.build.json");
  await run(process.execPath, [tsc, "-p", project, "--rootDir", root, "--outDir", outDir]);
  for await (const path of glob(join(outDir, "**/*.d.ts"))) {
    await writeFile(path, portableTypes(await readFile(path, "utf8")));
  }
}
