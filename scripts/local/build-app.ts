/**
 * Collects the app's static files into `dist/app`: the contract's documents, and its page with the style in a file of its own,
 * so that the page's policy needs no exception. Files under `assets/` have a hash of their content in their name.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { pageFilesPath } from "../../schemas/http/operations.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const published = join(root, "schemas", "published");
export const appFiles = join(root, "dist", "app");

/** Brings `dist/app` up to date. What is right already is not touched: a Worker may be serving it. */
export async function buildApp(): Promise<void> {
  const files = new Map<string, string>([
    ["openapi.json", await readPublished("openapi.json")],
    ["asyncapi.json", await readPublished("asyncapi.json")],
    ...docsFiles(await readPublished("docs.html")),
  ]);
  for (const [name, text] of files) await writeIfOther(join(appFiles, name), text);
  const found = await readdir(appFiles, { recursive: true, withFileTypes: true });
  const stale = found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !files.has(relative(appFiles, path).replaceAll("\\", "/")));
  await Promise.all(stale.map((path) => rm(path, { force: true })));
}

async function writeIfOther(path: string, text: string): Promise<void> {
  const there = await readFile(path, "utf8").catch(() => undefined);
  if (there === text) return;
  await mkdir(dirname(path), { recursive: true });
  // Never half a file, where two builds run at once.
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, text);
  await rename(fresh, path);
}

/** The page, and the style that it loads. */
export function docsFiles(page: string): [string, string][] {
  const [, style] = /<style>([^]*?)<\/style>/.exec(page) ?? [];
  if (style === undefined) throw new Error("docs.html has no style");
  const name = `${pageFilesPath.slice(1)}docs-${hashOf(style)}.css`;
  return [
    ["docs.html", page.replace(`<style>${style}</style>`, () => `<link rel="stylesheet" href="/${name}" />`)],
    [name, style],
  ];
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function readPublished(name: string): Promise<string> {
  return readFile(join(published, name), "utf8");
}
