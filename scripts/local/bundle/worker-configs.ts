/** Where the Workers' configurations lie. The app's may be absent: the gateway is whole without it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../..", import.meta.url));
export const gatewayConfigPath = join(root, "wrangler.jsonc");
export const appConfigPath = join(root, "server", "app", "wrangler.jsonc");

/** The gateway first. */
export function workerConfigPaths(): readonly string[] {
  return [gatewayConfigPath, appConfigPath].filter((path) => existsSync(path));
}
