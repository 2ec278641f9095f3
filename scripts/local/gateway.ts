/**
 * The gateway on this machine: the Worker of wrangler.jsonc under local workerd, with its storage on disk.
 * Bound to 127.0.0.1, offline, no account.
 */
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { unstable_DevEnv as DevEnv } from "wrangler";
import { allVariables } from "../../server/shared/config/config.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { buildApp } from "./build-app.ts";
import { migrateLocalIndex } from "./local-index.ts";
import { within } from "../../client/testkit/within.ts";
import { noteWorkerd } from "./workerd-processes.ts";

export interface GatewayOptions {
  /** 0 picks a free port. */
  readonly port: number;
  /** Where R2 objects, the index and the rooms' SQLite files are kept. */
  readonly stateDir: string;
  /** Values for the Worker's variables; those unset keep their default. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export interface Gateway {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** Ends workerd and all that was started with it. */
  stop(): Promise<void>;
}

const hostname = "127.0.0.1";
const startTimeoutMs = 60_000;
const portPatienceMs = 3_000;
export const appConfigPath = fileURLToPath(new URL("../../server/app/wrangler.jsonc", import.meta.url));
export const configPath = fileURLToPath(new URL("../../wrangler.jsonc", import.meta.url));

/** Names of the variables the Worker reads; `npm start` hands these on and no others. */
export const variableNames: readonly string[] = Object.keys(allVariables);

/** Read by wrangler when it works: no metrics, no look-up of the machine's place, no log files at home. */
export function quietWrangler(): void {
  process.env["WRANGLER_SEND_METRICS"] = "false";
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  process.env["WRANGLER_WRITE_LOGS"] ??= "false";
  process.env["WRANGLER_LOG"] ??= "warn";
}

/** Starts the gateway. Rejects with a `Failure` where the port is taken or the Worker can't be built or run. */
export async function startGateway({ port, stateDir, variables }: GatewayOptions): Promise<Gateway> {
  quietWrangler();
  noteWorkerd();
  await awaitFreePort(port);
  const bindings = Object.fromEntries(
    variableNames.flatMap((name) => {
      const value = variables[name];
      return value === undefined ? [] : [[name, { type: "plain_text" as const, value }]];
    }),
  );
  await within(startTimeoutMs, migrateLocalIndex(configPath, stateDir), "The index did not open in a minute.");
  await buildApp();
  const env = new DevEnv();
  const appEnv = new DevEnv();
  // The two Workers find each other here.
  const dev = {
    persist: stateDir,
    registry: join(stateDir, "workers"),
    inspector: false,
    watch: false,
    logLevel: "warn",
  } as const;
  const start = async (): Promise<Gateway> => {
    const app = await appEnv.startWorker({
      config: appConfigPath,
      dev: { ...dev, server: { hostname, port: 0 } },
    });
    await app.ready;
    await appEnv.bundler.teardown();
    const worker = await env.startWorker({ config: configPath, bindings, dev: { ...dev, server: { hostname, port } } });
    await worker.ready;
    const url = await worker.url;
    // wrangler is "ready" before the Worker is even built; a request waits until it is.
    await fetch(new URL("/health", url)).then((answer) => answer.body?.cancel());
    // Nothing is watched, and esbuild would report its own end when Ctrl-C reaches it before us.
    await env.bundler.teardown();
    return {
      url: url.origin,
      stop: async () => {
        await Promise.all([worker.dispose(), app.dispose()]);
      },
    };
  };
  try {
    const broken = firstError(env);
    return await within(startTimeoutMs, Promise.race([start(), broken]), "The gateway did not start in a minute.");
  } catch (cause) {
    await within(5_000, Promise.all([env.teardown(), appEnv.teardown()]), "").catch(() => undefined);
    throw cause;
  }
}

/**
 * workerd's own complaint about a taken port never reaches us: wrangler would wait for ever. A gateway that is
 * just ending is waited for.
 */
async function awaitFreePort(port: number): Promise<void> {
  for (const until = performance.now() + portPatienceMs; performance.now() < until; await sleep(200)) {
    if (await isFree(port)) return;
  }
  throw new Failure(`Port ${port} is taken: end what listens on it, or choose another port with PORT.`);
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, hostname);
    await once(probe, "listening");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "EADDRINUSE") return false;
    throw new Failure(`Port ${port} can't be listened on (${String(code)}): choose another port with PORT.`);
  }
  probe.close();
  await once(probe, "close");
  return true;
}

/** Rejects with what wrangler reports as broken; it reports by event and leaves `ready` pending. */
async function firstError(env: DevEnv): Promise<never> {
  const [event] = (await Promise.race([once(env, "buildFailed"), waitForError(env)])) as [unknown];
  throw new Failure(`The gateway did not start: ${reasonOf(event)}`);
}

function waitForError(env: DevEnv): Promise<[unknown]> {
  // Not `once`: that one rejects on "error".
  return new Promise((resolve) => {
    env.on("error", (event) => {
      resolve([event]);
    });
  });
}

function reasonOf(event: unknown): string {
  if (event instanceof Error) return event.message;
  if (typeof event !== "object" || event === null) return String(event);
  const reason = "reason" in event ? String(event.reason) : "unknown reason";
  const cause = "cause" in event && event.cause instanceof Error ? `: ${event.cause.message}` : "";
  // The first line: wrangler has logged the rest.
  return `${reason}${cause}`.split("\n", 1).join();
}
