/** `npm run size`: builds the client, and measures what it adds to a web page: minified by a bundler, gzipped. Fails above the limit. */
import { buildPackages } from "./packages/build.ts";
import { measure } from "./packages/measure.ts";

/** What a page imports, and the most that it may weigh, kB (1,000 bytes) of gzip. */
const limits = [
  { imported: "startCapture, openIdbOutbox, openMicrophone", entry: "browser", maxKb: 35 },
  { imported: "startCapture", entry: "index", maxKb: 32 },
] as const;

await buildPackages();
for (const { imported, entry, maxKb } of limits) {
  const kb = (await measure(imported, entry)) / 1_000;
  const isTooBig = kb > maxKb;
  console.log(`{ ${imported} }: ${kb.toFixed(1)} kB, ${isTooBig ? "more than" : "at most"} ${maxKb} kB`);
  if (isTooBig) process.exitCode = 1;
}
