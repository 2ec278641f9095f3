/** An empty project outside the repository, with the packed tarballs installed as from a registry. */
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packPackages } from "../../../scripts/packages/pack-packages.ts";
import { run } from "./run.ts";

export const repository = fileURLToPath(new URL("../../..", import.meta.url));
/** The oldest TypeScript that the types promise to work for. */
const oldTypeScript = "5.6.3";

export interface Project {
  readonly folder: string;
  readonly tarballs: readonly string[];
  /** Paths of compilers, by what to call them. */
  readonly compilers: Readonly<Record<string, string>>;
}

export async function createProject(): Promise<Project> {
  const tarballs = await packPackages();
  const folder = await mkdtemp(join(tmpdir(), "roomtone-packages-"));
  await write(folder, "package.json", JSON.stringify({ name: "consumer", private: true, type: "module" }));
  const extras = [`typescript-old@npm:typescript@${oldTypeScript}`, "@types/node@20", "@types/ws@8"];
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...tarballs, ...extras], { cwd: folder });
  return {
    folder,
    tarballs,
    compilers: {
      [oldTypeScript]: join(folder, "node_modules/typescript-old/bin/tsc"),
      current: join(repository, "node_modules/typescript/bin/tsc"),
    },
  };
}

export async function write(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** The first TypeScript of a document. */
export async function firstExample(document: string): Promise<string> {
  const text = await readFile(join(repository, document), "utf8");
  const [, code] = /^```ts\n([^]*?)^```$/m.exec(text) ?? [];
  if (code === undefined) throw new Error(`${document} has no example in TypeScript`);
  return code;
}
