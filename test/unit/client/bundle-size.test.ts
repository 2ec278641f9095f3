/** What docs/client.md promises to pages: how much a capture adds to one, and which setting lets the page in. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const document = await readFile(`${root}/docs/client.md`, "utf8");

test("[V4] a capture adds no more to a page than the document says", async () => {
  const contents = 'export { startCapture, openIdbOutbox, openMicrophone } from "./client/browser/index.ts";';
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "esm",
    minify: true,
    write: false,
  });
  const saidKb = Number(/A capture adds (\d+) kB \(gzip\)/.exec(document)?.[1]);
  const kb = gzipSync(outputFiles[0]?.contents ?? new Uint8Array()).length / 1_000;
  expect(kb).toBeGreaterThan(saidKb - 6);
  expect(kb).toBeLessThan(saidKb + 1);
});

test("[O6] /client.js may weigh what the rule says, which is what `npm run size` holds it to", async () => {
  const [rules = "", size = ""] = await Promise.all(
    ["schemas/SPEC.md", "scripts/size.ts"].map((file) => readFile(`${root}/${file}`, "utf8")),
  );
  const said = /weighs (\d+) kB of gzip at most/.exec(rules)?.[1];
  expect(said).toBeDefined();
  expect(/maxLibraryKb = (\d+);/.exec(size)?.[1]).toBe(said);
});

test("[P8] what the document says of pages names the setting that lets them in", () => {
  const pages = document.split(/^## /m).filter((section) => section.includes("await openMicrophone()"));
  expect(pages.length).toBeGreaterThan(0);
  for (const section of pages) expect(section).toContain("ALLOWED_ORIGINS");
});
