/** Tarballs as `npm publish` would send them. */
import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { buildPackages, distFolder } from "./build.ts";

const run = promisify(execFile);
const packedSchema = z.array(z.object({ filename: z.string() })).length(1);

/** @returns paths of the tarballs: the client, the command. */
export async function packPackages(): Promise<string[]> {
  const target = join(distFolder, "packages");
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const tarballs: string[] = [];
  for (const folder of await buildPackages()) {
    const { stdout } = await run("npm", ["pack", folder, "--pack-destination", target, "--json"]);
    for (const { filename } of packedSchema.parse(JSON.parse(stdout))) tarballs.push(join(target, filename));
  }
  return tarballs;
}
