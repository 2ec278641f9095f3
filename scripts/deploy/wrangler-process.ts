/**
 * wrangler, run for a deploy: its output is kept and shown as it comes. What it gets as a configuration is the repository's,
 * with the ids of the environment's own database and cache, in a file that is there while it runs.
 */
import { spawn } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { experimental_readRawConfig as readRawConfig } from "wrangler";
import type { Ended } from "./account.ts";
import type { ConfigName } from "./deploy-plan.ts";
import { configPaths, type EnvironmentName, wranglerEnvironment } from "./installation/environments.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const fileName = "wrangler.deploying.json";

/** Ids that the account gave. */
export interface Ids {
  readonly database?: string | undefined;
  readonly cache?: string | undefined;
}

export interface RunOptions {
  readonly environment: EnvironmentName;
  readonly ids: Ids;
  /** Whether its output goes to this terminal too. */
  readonly show: boolean;
  /** What it reads from stdin: arguments of a process can be read by others on the machine. */
  readonly input?: string | undefined;
  readonly signal: AbortSignal;
}

export async function runWrangler(config: ConfigName, args: readonly string[], options: RunOptions): Promise<Ended> {
  const original = configPaths[config === "app" ? "app" : "gateway"];
  // Beside the original, so that the paths in it lead to the same files.
  const path = join(dirname(original), fileName);
  const { rawConfig } = readRawConfig({ config: original });
  await writeFile(path, JSON.stringify(effectiveConfig(rawConfig, config, options), null, 2));
  try {
    return await run([...args, "--config", path, "--env", wranglerEnvironment(options.environment)], options);
  } finally {
    await rm(path, { force: true });
  }
}

/** @param raw the configuration as it is in its file. */
export function effectiveConfig(
  raw: object,
  config: ConfigName,
  { environment, ids }: Pick<RunOptions, "environment" | "ids">,
): object {
  const name = wranglerEnvironment(environment);
  const environments: Readonly<Record<string, object>> = "env" in raw ? (raw.env as Record<string, object>) : {};
  const own = name === "" ? raw : (environments[name] ?? {});
  const changed = Object.fromEntries(
    Object.entries(own).flatMap(([key, value]: [string, unknown]) => {
      if (key === "services" && config === "alone") return [];
      if (key === "d1_databases") return [[key, withId(value, "database_id", ids.database)]];
      if (key === "kv_namespaces") return [[key, withId(value, "id", ids.cache)]];
      return [[key, value]];
    }),
  );
  return name === "" ? changed : { ...raw, env: { ...environments, [name]: changed } };
}

function withId(rows: unknown, key: string, id: string | undefined): unknown {
  if (id === undefined || !Array.isArray(rows)) return rows;
  return rows.map((row: object) => ({ ...row, [key]: id }));
}

/** Another program in its place, for tests of this one. */
const substitute = process.env["ROOMTONE_WRANGLER"];

function run(args: readonly string[], { signal, show, input }: RunOptions): Promise<Ended> {
  const { resolve: locate } = createRequire(import.meta.url);
  const program = substitute ?? join(dirname(locate("wrangler/package.json")), "bin", "wrangler.js");
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_WRITE_LOGS: "false" };
  return new Promise((resolve, reject) => {
    const stdin = input === undefined ? (show ? "inherit" : "ignore") : "pipe";
    // Questions reach the person, who may have to answer for the account.
    const child = spawn(process.execPath, [program, ...args], {
      cwd: root,
      env,
      signal,
      stdio: [stdin, "pipe", "pipe"],
    });
    let output = "";
    let stdout = "";
    const note = (target: NodeJS.WriteStream) => (bytes: Buffer) => {
      output += bytes.toString();
      if (target === process.stdout) stdout += bytes.toString();
      if (show) target.write(bytes);
    };
    child.stdout?.on("data", note(process.stdout));
    child.stderr?.on("data", note(process.stderr));
    child.stdin?.end(input);
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output, stdout }));
  });
}
