/**
 * The gateway on this machine, one process tree behind one port: a lock on STATE_DIR, the Workers under local workerd, and
 * a front listener, on 127.0.0.1 unless it is told otherwise. Offline, no account.
 */
import { once } from "node:events";
import { createServer } from "node:net";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { allVariables } from "../../server/shared/config/config.ts";
import { variablesOf, type WorkerName } from "../../server/shared/config/installation/table.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { within } from "../../client/testkit/within.ts";
import { buildApp } from "./build-app.ts";
import { type StoredBundle, workerBundle } from "./bundle/worker-bundle.ts";
import { openFront } from "../../server/front/front.ts";
import { descriptorLimit, maxConnections } from "../../server/front/front-limits.ts";
import { removeEmptyObjects } from "./empty-objects.ts";
import { sweepExpired } from "./expired-entries.ts";
import { removeOrphanBlobs } from "./orphan-blobs.ts";
import { openLocalState } from "./local-state.ts";
import { hasDatabases, isMigrated, migrateLocalIndex, migrateThrough } from "./local-index.ts";
import { startRuntime } from "./runtime.ts";
import { openInference } from "./inference-on-demand.ts";
import { lockState } from "./state-lock.ts";
import { noteWorkerd, workerdPids } from "./workerd-processes.ts";

export interface GatewayOptions {
  /** An address of this machine; 127.0.0.1 where it is not given. */
  readonly host?: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Where R2 objects, the index and the rooms' SQLite files are kept. */
  readonly stateDir: string;
  /** Values for the Worker's variables; those unset keep their default. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Where V8's inspector of the Workers listens, on 127.0.0.1: whoever reaches it can do anything, so that nothing but a profile opens it. */
  readonly inspectorPort?: number | undefined;
  /** What is served instead of the Workers as they are bundled: for a bench that counts what they do. */
  readonly instead?: ((bundle: StoredBundle) => StoredBundle) | undefined;
}

export interface Gateway {
  /** `http://HOST:PORT`, without a slash at the end. */
  readonly url: string;
  /** Ends workerd and all that was started with it. */
  stop(): Promise<void>;
}

const ownAddress = "127.0.0.1";
const startTimeoutMs = 120_000;
const portPatienceMs = 3_000;

/** Names of the variables the Worker reads; `npm start` hands these on and no others. */
export const variableNames: readonly string[] = Object.keys(allVariables);

/** Starts the gateway. Rejects with a `Failure` where the port or STATE_DIR is taken, or the Worker can't be built or run. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const parts: (() => Promise<void> | void)[] = [];
  /** In the reverse order of their start. */
  const endParts = async (): Promise<void> => {
    let failure: { readonly cause: unknown } | undefined;
    // What one can't end keeps nobody from the next, and from the lock, which is the last.
    for (const end of parts.splice(0).toReversed()) {
      try {
        await end();
      } catch (cause) {
        failure ??= { cause };
      }
    }
    if (failure) throw failure.cause;
  };
  let ending: Promise<void> | undefined;
  // Whoever asks again waits for the same end: STATE_DIR is free then, and not before.
  const stop = (): Promise<void> => (ending ??= endParts());
  try {
    const url = await within(startTimeoutMs, start(options, parts), "The gateway did not start in two minutes.");
    return { url, stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

async function start(
  { host: hostname = ownAddress, port, stateDir, variables, inspectorPort, instead }: GatewayOptions,
  parts: (() => Promise<void> | void)[],
): Promise<string> {
  noteWorkerd();
  await awaitFreePort(hostname, port);
  const lock = await lockState(stateDir);
  parts.push(() => lock.release());
  await buildApp();
  const made = await workerBundle();
  const bundle = instead ? instead(made) : made;
  // Rooms that were here before may wake at once, and must find the index as they expect it.
  removeOrphanBlobs(stateDir, Date.now());
  removeEmptyObjects(stateDir);
  const isNew = !hasDatabases(stateDir);
  if (!isNew && !isMigrated(stateDir, bundle.workers)) await migrateLocalIndex(stateDir);
  const inference = variables["EMBEDDED_BASE_URL"] ? undefined : await openInference();
  if (inference) parts.push(() => inference.stop());
  const given = Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const runtime = await startRuntime({
    bundle,
    stateDir,
    variables: {
      ...pick(given, "gateway"),
      ...(inference && variables["LOCAL_INFERENCE_URL"] === "own" ? { LOCAL_INFERENCE_URL: inference.url } : {}),
      ...(inference && asksOwnReview(variables) ? { REVIEW_BASE_URL: inference.url } : {}),
      BUILD_ID: basename(bundle.folder),
    },
    appVariables: {
      ...(inference ? { EMBEDDED_BASE_URL: inference.url } : {}),
      ...pick(given, "app"),
    },
    localState: openLocalState(stateDir),
    inspectorPort,
  });
  parts.push(() => runtime.miniflare.dispose());
  // Pushed after the runtime: what ends first must not be asked any more.
  parts.push(sweepExpired(runtime.miniflare, (cause) => console.warn(`The cache was not swept: ${String(cause)}`)));
  lock.note(workerdPids());
  if (isNew) await migrateThrough(runtime.miniflare, bundle.workers);
  const front = await openFront({
    hostname,
    port,
    target: runtime.url,
    maxConnections: maxConnections(descriptorLimit()),
  });
  parts.push(() => front.stop());
  return front.url;
}

/** Whether the gateway's own inference service is the one that looks at whole tracks again: where no other is named. */
function asksOwnReview({ REVIEW_BASE_URL: named, INFERENCE_BASE_URL: service }: GatewayOptions["variables"]): boolean {
  return named === "own" || (!named && !service);
}

/** Each Worker gets its own variables, and none of the other's secrets. */
function pick(given: readonly (readonly [string, string])[], worker: WorkerName): Record<string, string> {
  const names = variablesOf(worker);
  return Object.fromEntries(given.filter(([name]) => names.includes(name)));
}

/** A gateway that is just ending is waited for. */
async function awaitFreePort(hostname: string, port: number): Promise<void> {
  for (const until = performance.now() + portPatienceMs; performance.now() < until; await sleep(200)) {
    if (await isFree(hostname, port)) return;
  }
  throw new Failure(`Port ${port} is taken: end what listens on it, or choose another port with PORT.`);
}

async function isFree(hostname: string, port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, hostname);
    await once(probe, "listening");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "EADDRINUSE") return false;
    if (code === "EADDRNOTAVAIL") throw new Failure(`HOST ${hostname} is no address of this machine.`);
    throw new Failure(`Port ${port} can't be listened on (${String(code)}): choose another port with PORT.`);
  }
  probe.close();
  await once(probe, "close");
  return true;
}
