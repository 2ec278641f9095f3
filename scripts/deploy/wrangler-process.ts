/** wrangler, run for a deploy: its output is kept and shown as it comes. */
import { spawn } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { experimental_readRawConfig as readRawConfig } from "wrangler";
import type { ConfigName } from "./deploy-plan.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Beside the gateway's own, so that the paths in it lead to the same files. */
const aloneConfig = join(root, "wrangler.deploying.json");
const configs: Readonly<Record<ConfigName, string>> = {
  gateway: join(root, "wrangler.jsonc"),
  app: join(root, "server", "app", "wrangler.jsonc"),
  alone: aloneConfig,
};

export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** @param show whether its output goes to this terminal too. */
export async function runWrangler(
  config: ConfigName,
  args: readonly string[],
  { signal, show }: { readonly signal: AbortSignal; readonly show: boolean },
): Promise<Ended> {
  if (config === "alone") await writeAloneConfig();
  try {
    return await run([...args, "--config", configs[config], "--env", "production"], signal, show);
  } finally {
    if (config === "alone") await rm(aloneConfig, { force: true });
  }
}

async function writeAloneConfig(): Promise<void> {
  const { rawConfig } = readRawConfig({ config: configs.gateway });
  const { services: _, ...others } = rawConfig.env?.["production"] ?? {};
  await writeFile(aloneConfig, JSON.stringify({ ...rawConfig, env: { production: others } }, null, 2));
}

function run(args: readonly string[], signal: AbortSignal, show: boolean): Promise<Ended> {
  const { resolve: locate } = createRequire(import.meta.url);
  const program = join(dirname(locate("wrangler/package.json")), "bin", "wrangler.js");
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_WRITE_LOGS: "false" };
  return new Promise((resolve, reject) => {
    // Questions reach the person, who may have to answer for the account.
    const child = spawn(process.execPath, [program, ...args], {
      cwd: root,
      env,
      signal,
      stdio: [show ? "inherit" : "ignore", "pipe", "pipe"],
    });
    let output = "";
    const note = (target: NodeJS.WriteStream) => (bytes: Buffer) => {
      output += bytes.toString();
      if (show) target.write(bytes);
    };
    child.stdout.on("data", note(process.stdout));
    child.stderr.on("data", note(process.stderr));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
