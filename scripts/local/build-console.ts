/**
 * The console, and the library for other pages (`build-client.ts`), as files to serve: `console.html`, and what it loads below
 * `assets/`, each with a hash of its content in its name. Built once for as long as nothing that it is made of changes, in `.wrangler/console/KEY`, where KEY is made of the
 * contents of all sources. Vite is loaded for a build alone: a start that finds the files does without.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { workletSource } from "../../client/browser/worklet-source.ts";
import { consoleSources } from "./app-sources.ts";
import { makeClient } from "./build-client.ts";
import { keptBuilds, noteUsed, unfinished } from "./kept-builds.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const consoleFolder = join(root, "client", "console");
const sample = join(root, "scripts", "demo", "sample", "interview");
const builds = join(root, ".wrangler", "console");

/** @returns contents by name below the app's files. */
export async function consoleFiles(): Promise<Map<string, Uint8Array>> {
  const place = join(builds, digestOfSources());
  if (!noteUsed(place)) await makeInto(place);
  const entries = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = relative(place, path).replaceAll("\\", "/");
      return [name === "index.html" ? "console.html" : name, readFileSync(path)];
    }),
  );
}

function digestOfSources(): string {
  const hash = createHash("sha256");
  for (const file of consoleSources())
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  return hash.digest("hex").slice(0, 16);
}

/** Whole, or not there: a build that is interrupted leaves nothing half made. */
async function makeInto(place: string): Promise<void> {
  mkdirSync(builds, { recursive: true });
  keptBuilds(builds);
  const folder = mkdtempSync(join(builds, unfinished));
  try {
    const { build } = await import("vite");
    await build({
      root: consoleFolder,
      configFile: false,
      logLevel: "warn",
      mode: "production",
      define: { "process.env.NODE_ENV": '"production"' },
      // By NODE_ENV else: a build that a test came to first would name this machine's folders in each element, and weigh more.
      oxc: { jsx: { development: false } },
      plugins: [filesBeside()],
      build: {
        outDir: folder,
        emptyOutDir: true,
        target: "es2023",
        // Its policy lets nothing come from inside the page.
        assetsInlineLimit: 0,
        // It would add a script of its own for browsers that none of this runs in.
        modulePreload: { polyfill: false },
      },
    });
    await makeClient(join(root, "client", "browser", "index.ts"), folder);
    renameSync(folder, place);
  } catch (cause) {
    // Another process made the same at once.
    if (!existsSync(place)) throw cause;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Files that are no module: the sample meeting, and the script of the audio thread, which its policy wants as a file. */
function filesBeside(): Plugin {
  const id = "virtual:console-files";
  const files = {
    sampleAudioUrl: ["sample.wav", () => readFileSync(`${sample}.wav`)],
    sampleScriptUrl: ["sample.json", () => readFileSync(`${sample}.json`)],
    workletUrl: ["worklet.js", () => Buffer.from(workletSource)],
  } as const;
  return {
    name: "console-files",
    resolveId: (asked) => (asked === id ? `\0${id}` : null),
    load(asked) {
      if (asked !== `\0${id}`) return null;
      const lines = Object.entries(files).map(([name, [file, read]]) => {
        const reference = this.emitFile({ type: "asset", name: file, source: read() });
        return `export const ${name} = import.meta.ROLLUP_FILE_URL_${reference};`;
      });
      return lines.join("\n");
    },
  };
}
