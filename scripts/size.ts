/**
 * `npm run size`: builds the client, and measures what it adds to a web page: minified by a bundler, gzipped; and what the console
 * loads before it is shown. Fails above a limit.
 */
import { gzipSync } from "node:zlib";
import { defineCommand } from "./cli/define-command.ts";
import { readOptions } from "./cli/run-command.ts";
import { consoleFiles } from "./local/build-console.ts";
import { buildPackages } from "./packages/build.ts";
import { measure } from "./packages/measure.ts";

/** What a page imports, and the most that it may weigh, kB (1,000 bytes) of gzip. */
const limits = [
  { imported: "startCapture, openIdbOutbox, openMicrophone", entry: "browser", maxKb: 40.5 },
  { imported: "startCapture", entry: "index", maxKb: 34.8 },
] as const;

/**
 * The whole library, as `/client.js` hands it on, with what a second look at who speaks changed, how a conversation ended, and a conflict with
 * what stands now: kB of gzip.
 */
const maxLibraryKb = 98;
/** Everything that the console's page names: kB of gzip. */
const maxConsoleKb = 150;

readOptions(
  defineCommand({
    name: "npm run size --",
    description: "What the client adds to a web page, and whether that is within its bounds.",
  }),
);

await buildPackages();
for (const { imported, entry, maxKb } of limits) {
  const kb = (await measure(imported, entry)) / 1_000;
  report(`{ ${imported} }`, kb, maxKb);
}
const files = await consoleFiles();
const first = [...files].filter(([name]) => /^console\.html$|^assets\/index-.*\.(js|css)$/.test(name));
const bytes = first.reduce((sum, [, content]) => sum + gzipSync(content, { level: 9 }).length, 0);
report("the console's first load", bytes / 1_000, maxConsoleKb);
const library = [...files].filter(([name]) => name.startsWith("assets/client-"));
report(
  "/client.js",
  library.reduce((sum, [, code]) => sum + gzipSync(code, { level: 9 }).length, 0) / 1_000,
  maxLibraryKb,
);

function report(what: string, kb: number, maxKb: number): void {
  const isTooBig = kb > maxKb;
  console.log(`${what}: ${kb.toFixed(1)} kB, ${isTooBig ? "more than" : "at most"} ${maxKb} kB`);
  if (isTooBig) process.exitCode = 1;
}
