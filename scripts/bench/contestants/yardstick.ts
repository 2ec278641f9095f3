/** A Worker to measure the gateway by: one module, one Durable Object class, one bucket, behind the same front listener. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { openFront } from "../../../server/front/front.ts";
import { descriptorLimit, maxConnections } from "../../../server/front/front-limits.ts";
import type { Gateway } from "../../local/gateway.ts";
import { openMiniflare } from "../../local/runtime.ts";
import { meteredModules } from "./metered.ts";
import { noteWorkerd } from "../../local/workerd-processes.ts";

const hostname = "127.0.0.1";
const compatibilityDate = "2026-10-01";

/** @param name of a module in `yardsticks/`, whose class is `Yardstick`. @param isCounted whether it counts what it does. */
export async function startYardstick(name: string, stateDir: string, isCounted: boolean): Promise<Gateway> {
  noteWorkerd();
  const path = fileURLToPath(new URL(`yardsticks/${name}.mjs`, import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    format: "esm",
    target: "esnext",
    external: ["cloudflare:*", "node:*"],
  });
  const source = outputFiles[0]?.text ?? "";
  const files = isCounted ? meteredModules(source) : { "worker.js": source };
  const worker = {
    name,
    modules: Object.entries(files).map(([file, contents]) => ({
      type: "ESModule" as const,
      path: `/${file}`,
      contents,
    })),
    modulesRoot: "/",
    compatibilityDate,
    compatibilityFlags: ["nodejs_compat"],
    durableObjects: { YARDSTICK: { className: "Yardstick", useSQLite: true } },
    r2Buckets: { BUCKET: name },
    unsafeDirectSockets: [{ host: hostname, port: 0 }],
  };
  const miniflare = await openMiniflare({ stateDir, workers: [worker] });
  await miniflare.ready;
  const target = await miniflare.unsafeGetDirectURL(name);
  const front = await openFront({ hostname, port: 0, target, maxConnections: maxConnections(descriptorLimit()) });
  return {
    url: front.url,
    stop: async () => {
      await front.stop();
      await miniflare.dispose();
    },
  };
}
