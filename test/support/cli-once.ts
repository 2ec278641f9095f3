/** The command `roomtone` as one file, made before any test of a project starts it: from its sources it takes a second of the processor. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { TestProject } from "vitest/node";

/** What tests are told of it. */
export interface CliSettings {
  /** What Node runs as `roomtone`. */
  readonly roomtoneBin: string;
}

declare module "vitest" {
  interface ProvidedContext extends CliSettings {}
}

const entry = fileURLToPath(new URL("../../client/cli/main.ts", import.meta.url));
/** What of it is CommonJS asks for Node's own modules by `require`. */
const requires = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "roomtone-cli-"));
  const outfile = join(folder, "roomtone.mjs");
  await build({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    banner: { js: requires },
    outfile,
  });
  project.provide("roomtoneBin", outfile);
  return () => rm(folder, { recursive: true, force: true });
}
