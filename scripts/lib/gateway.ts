/**
 * The gateway on this machine: the Worker of wrangler.jsonc under local workerd, with its storage on disk.
 * Bound to 127.0.0.1, offline, no account.
 */
import { fileURLToPath } from "node:url";
import { unstable_startWorker as startWorker } from "wrangler";
import { configVariablesSchema } from "../../server/config.ts";

export interface GatewayOptions {
  /** 0 picks a free port. */
  readonly port: number;
  /** Where R2 objects and the rooms' SQLite files are kept. */
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

const configPath = fileURLToPath(new URL("../../wrangler.jsonc", import.meta.url));

/** Names of the variables the Worker reads; `npm start` hands these on and no others. */
export const variableNames: readonly string[] = Object.keys(configVariablesSchema.shape);

export async function startGateway({ port, stateDir, variables }: GatewayOptions): Promise<Gateway> {
  // Read by wrangler when it starts: no metrics, no look-up of the machine's place, no log files at home.
  process.env["WRANGLER_SEND_METRICS"] = "false";
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  process.env["WRANGLER_WRITE_LOGS"] ??= "false";
  process.env["WRANGLER_LOG"] ??= "warn";
  const bindings = Object.fromEntries(
    variableNames.flatMap((name) => {
      const value = variables[name];
      return value === undefined ? [] : [[name, { type: "plain_text" as const, value }]];
    }),
  );
  const worker = await startWorker({
    config: configPath,
    bindings,
    dev: {
      server: { hostname: "127.0.0.1", port },
      persist: stateDir,
      inspector: false,
      watch: false,
      logLevel: "warn",
    },
  });
  await worker.ready;
  const url = await worker.url;
  return { url: url.origin, stop: () => worker.dispose() };
}
