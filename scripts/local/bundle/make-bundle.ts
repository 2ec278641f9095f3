/**
 * A process of its own that bundles the Workers: `node make-bundle.ts FOLDER`. Takes what `wrangler deploy` would upload, so
 * that a gateway on this machine runs the same code. wrangler is loaded here alone: it is large, and a start that finds its
 * bundle does without.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join, relative } from "node:path";
import { promisify } from "node:util";
import {
  unstable_getMiniflareWorkerOptions as workerOptions,
  unstable_readConfig as readConfig,
  unstable_splitSqlQuery as splitSql,
} from "wrangler";
import { z } from "zod";
import { buildApp } from "../build-app.ts";
import { type Bundle, bundleFile, type BundledWorker, moduleTypes, workerSchema } from "./bundle-format.ts";
import { appConfigPath, root, workerConfigPaths } from "./worker-configs.ts";

const metaSchema = z.object({ inputs: z.record(z.string(), z.unknown()) });
const servicesSchema = z.record(z.string(), z.looseObject({ name: z.string() })).default({});
const metaFile = "bundle-meta.json";
/** No metrics, no log files at home. */
const quiet = { WRANGLER_SEND_METRICS: "false", WRANGLER_WRITE_LOGS: "false", WRANGLER_HIDE_BANNER: "true" };
const wranglerBin = join(
  dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
  "bin",
  "wrangler.js",
);

await makeBundle(process.argv[2] ?? "");

async function makeBundle(folder: string): Promise<void> {
  await buildApp();
  const workers = await Promise.all(workerConfigPaths().map((path) => bundleWorker(path, folder)));
  const files = ["package-lock.json", relative(root, appConfigPath), ...workers.flatMap(({ inputs }) => inputs)];
  const inputs = Object.fromEntries(files.map((file) => [file, digestOf(join(root, file))]));
  const bundle: Bundle = { inputs, workers: workers.map(({ worker }) => worker) };
  writeFileSync(join(folder, bundleFile), JSON.stringify(bundle));
}

async function bundleWorker(configPath: string, folder: string): Promise<{ worker: BundledWorker; inputs: string[] }> {
  const config = readConfig({ config: configPath });
  const name = localName(config.name ?? "");
  const output = join(folder, name);
  await promisify(execFile)(
    process.execPath,
    [wranglerBin, "deploy", "--dry-run", "--config", configPath, "--outdir", output, "--metafile"],
    { cwd: root, env: { ...process.env, ...quiet } },
  );
  const { workerOptions: options } = workerOptions(configPath);
  // Variables come from the environment of each start, not from a file that the bundle would keep.
  // Workers AI needs an account: a local run has none of it.
  const { bindings: _variables, modulesRules: _rules, ai: _ai, serviceBindings, ...others } = options;
  const kept = { ...others, serviceBindings: withLocalNames(serviceBindings) };
  const configured: readonly { readonly binding: string; readonly migrations_dir?: string }[] = config.d1_databases;
  const databases = configured.map(({ binding, migrations_dir: migrations }) => ({
    binding,
    files: migrations === undefined ? [] : migrationFiles(join(dirname(configPath), migrations)),
  }));
  const worker: BundledWorker = {
    name,
    modules: modulesIn(output).map(({ type, path }) => ({ type, path: join(name, path) })),
    options: plainOptions(kept, configPath),
    databases: databases.map(({ binding, files }) => ({
      binding,
      migrations: files.map((path) => ({
        name: path.split("/").at(-1) ?? "",
        statements: splitSql(readFileSync(path, "utf8")),
      })),
    })),
  };
  const migrationPaths = databases.flatMap(({ files }) => files.map((file) => relative(root, file)));
  return { worker, inputs: [relative(root, configPath), ...migrationPaths, ...sourcesOf(output, dirname(configPath))] };
}

/** Folders of a local run are named after the Workers: as they were before environments had names of their own. */
function localName(name: string): string {
  return name.replace(/-development$/, "");
}

function withLocalNames(bindings: unknown): object {
  const services = Object.entries(servicesSchema.parse(bindings));
  return Object.fromEntries(services.map(([binding, one]) => [binding, { ...one, name: localName(one.name) }]));
}

/** What wrangler wrote to be uploaded, the entry first. */
function modulesIn(folder: string): { type: BundledWorker["modules"][number]["type"]; path: string }[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const modules = files.flatMap((path) => {
    const type = moduleTypes[extname(path)];
    return type === undefined ? [] : [{ type, path }];
  });
  return modules.toSorted((a, b) => Number(b.path === "index.js") - Number(a.path === "index.js"));
}

/** Every file that esbuild read, and those that wrangler took as they are, such as a text: `HASH-NAME` in its output. */
function sourcesOf(output: string, folder: string): string[] {
  const { inputs } = metaSchema.parse(JSON.parse(readFileSync(join(output, metaFile), "utf8")));
  const beside = readdirSync(output).flatMap((name) => {
    const original = /^[0-9a-f]{40}-(.+)$/.exec(name)?.[1];
    return original === undefined ? [] : globSync(`{schemas,server}/**/${original}`, { cwd: root });
  });
  // esbuild names them as they lie from the configuration's folder.
  const read = Object.keys(inputs).map((file) => relative(root, join(folder, file)));
  return [...read, ...beside].filter((file) => existsSync(join(root, file)));
}

function migrationFiles(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  return names.toSorted().map((name) => join(folder, name));
}

/** wrangler may put functions into its options; what the local run is given must survive a file. */
function plainOptions(value: object, configPath: string): BundledWorker["options"] {
  const text = JSON.stringify(value, (key, part: unknown) => {
    if (typeof part === "function") throw new Error(`${configPath}: ${key} can't be run on this machine.`);
    return part;
  });
  return workerSchema.shape.options.parse(JSON.parse(text));
}

function digestOf(path: string): string | null {
  return existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : null;
}
