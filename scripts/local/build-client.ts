/**
 * The library for pages as modules to serve: `client.js`, which a page loads by this name from the gateway that it talks to, and
 * below `assets/` all that it hands on, with a hash of its content in its name. So the library is always of its gateway's version.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** @param entry the library's source. @param folder that files are written into. */
export async function makeClient(entry: string, folder: string): Promise<void> {
  const { rolldown } = await import("rolldown");
  const bundle = await rolldown({ input: entry, platform: "browser", transform: { target: "es2022" } });
  const { output } = await bundle.generate({
    format: "esm",
    minify: true,
    entryFileNames: "assets/client-[hash].js",
    chunkFileNames: "assets/client-[hash].js",
  });
  await bundle.close();
  const parts = output.flatMap((part) => (part.type === "chunk" ? [part] : []));
  const main = parts.find(({ isEntry }) => isEntry);
  if (!main) throw new Error("the library made no module");
  for (const { fileName, code } of parts) {
    mkdirSync(dirname(join(folder, fileName)), { recursive: true });
    writeFileSync(join(folder, fileName), code);
  }
  writeFileSync(join(folder, "client.js"), `export * from "./${main.fileName}";\n`);
}
