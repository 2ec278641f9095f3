/** What a bundler makes of an import of the built client. */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { distFolder } from "./build.ts";

/** @param imported names, as between the braces of an import. @param entry of the client, such as `browser`. @returns bytes of gzip. */
export async function measure(imported: string, entry: "index" | "browser"): Promise<number> {
  const file = join(distFolder, "client/dist/client", entry === "index" ? "index.js" : `${entry}/index.js`);
  const page = "\0page";
  const bundle = await rolldown({
    input: page,
    platform: "browser",
    plugins: [
      {
        name: "page",
        resolveId: (id) => (id === page ? page : null),
        load: (id) => (id === page ? `export { ${imported} } from ${JSON.stringify(file)};` : null),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  return output.reduce((sum, part) => sum + (part.type === "chunk" ? gzipSync(part.code, { level: 9 }).length : 0), 0);
}
