/** Workers that count what a bill is made of, by `yardsticks/meter.mjs`: what is served is the code as it is deployed, with that beside it. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StoredBundle } from "../../local/bundle/worker-bundle.ts";

const meter = readFileSync(fileURLToPath(new URL("yardsticks/meter.mjs", import.meta.url)), "utf8");
const entry = `import handler from "./index.js";
import { withCounts } from "./meter.js";
export * from "./index.js";
export default withCounts(handler);
`;

/** The modules of a Worker whose source is one module: the first is the entry. */
export function meteredModules(source: string): Readonly<Record<"entry.js" | "index.js" | "meter.js", string>> {
  return {
    "entry.js": entry,
    "index.js": source.replaceAll('from "cloudflare:workers"', 'from "./meter.js"'),
    "meter.js": meter,
  };
}

/** A copy of a bundle in `folder`. */
export function meteredBundle(bundle: StoredBundle, folder: string): StoredBundle {
  cpSync(bundle.folder, folder, { recursive: true });
  const workers = bundle.workers.map((worker) => {
    const [main, ...others] = worker.modules;
    const inside = dirname(main?.path ?? "");
    const modules = meteredModules(readFileSync(join(folder, inside, "index.js"), "utf8"));
    const added = Object.entries(modules).map(([name, text]) => {
      writeFileSync(join(folder, inside, name), text);
      return { type: "ESModule" as const, path: `${inside}/${name}` };
    });
    return { ...worker, modules: [...added, ...others] };
  });
  return { ...bundle, workers, folder };
}
