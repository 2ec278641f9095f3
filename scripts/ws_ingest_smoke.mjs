// `node scripts/ws_ingest_smoke.mjs --base-http URL --base-ws URL --chunks N`: `npm run smoke` under the project's own Node,
// whatever Node starts this file.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const [node, smoke] = ["../node_modules/.bin/node", "smoke.ts"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
process.exitCode = spawnSync(node, [smoke, ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1;
