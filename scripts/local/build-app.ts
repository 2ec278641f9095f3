/**
 * Collects the app's static files into `dist/app`: the console, the contract's documents, and the page that shows them. Files
 * under `assets/` have a hash of their content in their name.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { docsFiles } from "../contract/docs-page.ts";
import { consoleFiles } from "./build-console.ts";
import { isErrorCode } from "../../client/node/durable-file.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const published = join(root, "schemas", "published");
export const appFiles = join(root, "dist", "app");

/** Brings `dist/app` up to date. What is right already is not touched: a Worker may be serving it. */
export async function buildApp(): Promise<void> {
  const texts = new Map<string, string>([
    ["openapi.json", await readPublished("openapi.json")],
    ["asyncapi.json", await readPublished("asyncapi.json")],
    ...docsFiles(),
  ]);
  const files = new Map<string, Uint8Array>([
    ...[...texts].map(([name, text]) => [name, Buffer.from(text)] as const),
    ...(await consoleFiles()),
  ]);
  for (const [name, content] of files) await writeIfOther(join(appFiles, name), content);
  const found = await readdir(appFiles, { recursive: true, withFileTypes: true });
  const stale = found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !files.has(relative(appFiles, path).replaceAll("\\", "/")));
  await Promise.all(stale.map((path) => rm(path, { force: true })));
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (isErrorCode(cause, "ENOENT")) return undefined;
    throw cause;
  }
}

async function writeIfOther(path: string, content: Uint8Array): Promise<void> {
  if ((await readIfThere(path))?.equals(content)) return;
  await mkdir(dirname(path), { recursive: true });
  // Never half a file, where two builds run at once.
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, content);
  await rename(fresh, path);
}

function readPublished(name: string): Promise<string> {
  return readFile(join(published, name), "utf8");
}
