/**
 * Collects the app's static files into `dist/app`: the console, the contract's documents, and the page that shows them. Files
 * under `assets/` have a hash of their content in their name. Where neither what they are made of nor what was made has changed,
 * nothing is read but that: what builds them is large, and is loaded for a build alone.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { appSources } from "./app-sources.ts";
import { type FileDigests, openDigests } from "./file-digests.ts";
import { isErrorCode } from "../../client/node/durable-file.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const published = join(root, "schemas", "published");
export const appFiles = join(root, "dist", "app");
/** A digest of all sources and of all that was made of them. */
const stamp = join(root, ".wrangler", "app.stamp");

/** Brings `dist/app` up to date. What is right already is not touched: a Worker may be serving it. */
export async function buildApp(): Promise<void> {
  const digests = openDigests();
  const sources = digestOf(appSources(), digests);
  if ((await readIfThere(stamp))?.toString() !== `${sources} ${await madeDigest(digests)}`) {
    await makeApp();
    // Not of sources that somebody changed meanwhile.
    if (digestOf(appSources(), digests) === sources)
      await writeIfOther(stamp, Buffer.from(`${sources} ${await madeDigest(digests)}`));
  }
  digests.save();
}

/** @returns a digest of all files in `dist/app`, as they are now. */
async function madeDigest(digests: FileDigests): Promise<string> {
  return digestOf((await filesIn(appFiles)).map((path) => relative(root, path)).toSorted(), digests);
}

function digestOf(files: readonly string[], digests: FileDigests): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\0${digests.of(file) ?? ""}\0`);
  return hash.digest("hex");
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const found = await readdir(folder, { recursive: true, withFileTypes: true });
    return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (cause) {
    if (isErrorCode(cause, "ENOENT")) return [];
    throw cause;
  }
}

async function makeApp(): Promise<void> {
  const [{ docsFiles }, { consoleFiles }] = await Promise.all([
    import("../contract/docs-page.ts"),
    import("./build-console.ts"),
  ]);
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
  const made = await filesIn(appFiles);
  const stale = made.filter((path) => !files.has(relative(appFiles, path).replaceAll("\\", "/")));
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
