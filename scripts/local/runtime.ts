/**
 * workerd on this machine, running the bundled Workers over storage on disk: by miniflare's public API, on a free port of
 * 127.0.0.1, offline, no account. What is under `STATE_DIR/v3` has the layout that `wrangler dev` uses.
 *
 * Guarantees that nothing of a request reaches the disk but what the Workers write, and that the address it gives is the
 * gateway Worker itself: none of the routes that miniflare serves before a Worker (`/cdn-cgi/…`) is there, and none of its
 * headers (`MF-*`) decides a URL.
 */
import { readFileSync } from "node:fs";
import { createRequire, enableCompileCache } from "node:module";
import { join } from "node:path";
import type * as MiniflareModule from "miniflare";
import type { Miniflare, V4WorkerOptions, WorkerdStructuredLog } from "miniflare";
import { Failure } from "../../schemas/lib/failure.ts";
import { compileCache } from "./compile-cache.ts";
import { type LogFile, openLogFile } from "./log-file.ts";
import { readableLog } from "./readable-log.ts";
import type { StoredBundle } from "./bundle/worker-bundle.ts";

export interface RuntimeOptions {
  readonly bundle: StoredBundle;
  readonly stateDir: string;
  /** Values for the gateway Worker's variables, by name. */
  readonly variables: Readonly<Record<string, string>>;
  /** The same for the other Workers: none of the gateway's secrets. */
  readonly appVariables: Readonly<Record<string, string>>;
  /** What the Workers reach as `LOCAL_STATE`: this process, which owns the files. */
  readonly localState: (request: { readonly method: string; readonly url: string }) => Promise<Response>;
  /** Where V8's inspector listens; nowhere without it. */
  readonly inspectorPort?: number | undefined;
}

export interface Runtime {
  /** Of the gateway Worker's own socket. */
  readonly url: URL;
  readonly miniflare: Miniflare;
}

/** For what is done to storage without running anybody's code. */
export const idleWorker = {
  modules: [{ type: "ESModule" as const, path: "/idle.js", contents: "export default {}" }],
  modulesRoot: "/",
};

const hostname = "127.0.0.1";
const load = createRequire(import.meta.url);

/** Where a gateway keeps everything; `v3` is the version of wrangler's layout. */
export function storageFolder(stateDir: string): string {
  return join(stateDir, "v3");
}

export async function startRuntime({
  bundle,
  stateDir,
  variables,
  appVariables,
  localState,
  inspectorPort,
}: RuntimeOptions): Promise<Runtime> {
  const [gateway, ...others] = bundle.workers.map(({ name, modules, options }): V4WorkerOptions => {
    const loaded = modules.map(({ type, path }) => {
      const file = join(bundle.folder, path);
      return {
        type,
        path: file,
        contents: type === "ESModule" || type === "Text" ? readFileSync(file, "utf8") : readFileSync(file),
      };
    });
    return { ...options, name, modules: loaded, modulesRoot: bundle.folder };
  });
  if (!gateway) throw new Failure("The bundle has no Worker.");
  const withState = (worker: V4WorkerOptions): V4WorkerOptions => ({
    ...worker,
    serviceBindings: { ...worker.serviceBindings, LOCAL_STATE: localState },
  });
  const direct = {
    ...withState(gateway),
    bindings: { ...variables },
    unsafeDirectSockets: [{ host: hostname, port: 0 }],
  };
  const miniflare = await openMiniflare({
    stateDir,
    inspectorPort,
    workers: [direct, ...others.map((worker) => ({ ...withState(worker), bindings: { ...appVariables } }))],
  });
  try {
    await miniflare.ready;
    return { url: await miniflare.unsafeGetDirectURL(gateway.name), miniflare };
  } catch (cause) {
    await miniflare.dispose();
    throw cause;
  }
}

/** A miniflare over a gateway's storage; the caller disposes of it. Loads miniflare, which takes half a second of the processor. */
export async function openMiniflare(options: {
  readonly stateDir: string;
  readonly workers: V4WorkerOptions[];
  readonly inspectorPort?: number | undefined;
}): Promise<Miniflare> {
  enableCompileCache(compileCache);
  // It is one CommonJS file of five megabytes: by `import`, Node would parse it twice more to find out that, and its names.
  const { convertV4MiniflareOptions, Miniflare: Simulator, NoOpLog } = load("miniflare") as typeof MiniflareModule;
  const miniflare = new Simulator(
    convertV4MiniflareOptions({
      workers: options.workers,
      resourcePersistencePath: storageFolder(options.stateDir),
      host: hostname,
      ...(options.inspectorPort === undefined ? {} : { inspectorPort: options.inspectorPort, inspectorHost: hostname }),
      // Its own address, which has all its routes, is for this process alone: no web page gets past this certificate.
      https: true,
      // Everything that would record requests, or serve what was recorded.
      unsafeLocalExplorer: false,
      unsafeObservability: false,
      logRequests: false,
      telemetry: { enabled: false },
      // No look-up of the machine's place in the world.
      cf: false,
      log: new NoOpLog(),
      handleStructuredLogs: printerTo(openLogFile(options.stateDir)),
    }),
  );
  leaveSignalsToProgram();
  return miniflare;
}

// eslint-disable-next-line no-control-regex
const terminalEscapes = /\u001b\[[0-9;]*m/g;

function printerTo(file: LogFile): (line: WorkerdStructuredLog) => void {
  return (line) => {
    const text = line.message.replaceAll(terminalEscapes, "").trim();
    if (text !== "") file.add(line.level, text, new Date());
    print(line);
  };
}

function print({ level, message }: WorkerdStructuredLog): void {
  const stream = level === "error" || level === "warn" ? process.stderr : process.stdout;
  const line = readableLog(
    { level, message },
    {
      now: new Date(),
      // Node's own: a terminal that has colours, unless NO_COLOR or FORCE_COLOR say otherwise.
      isColoured: stream.isTTY && stream.hasColors(),
      withStacks: Boolean(process.env["ROOMTONE_STACKS"]),
      withInfo: Boolean(process.env["ROOMTONE_INFO"]),
    },
  );
  if (line !== undefined) stream.write(`${line}\n`);
}

/**
 * miniflare ends the process at once on a signal. A program that has an end of its own gets the signal first and alone;
 * miniflare still ends workerd at the process's exit.
 */
function leaveSignalsToProgram(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const listeners = process.listeners(signal);
    const own = listeners.filter(({ name }) => /^onSignal(Int|Term|Hup)$/.test(name));
    if (own.length === listeners.length) continue;
    for (const listener of own) process.off(signal, listener);
  }
}
