/** What is looked at before a deploy changes anything, and what of it is made: bucket, database, cache. */
import { Failure } from "../../schemas/lib/failure.ts";
import { variableTable } from "../../server/shared/config/installation/table.ts";
import {
  bucketNamesIn,
  complaintIn,
  databasesIn,
  type Deployments,
  deploymentsIn,
  type Ended,
  isNotLoggedIn,
  isWithoutR2,
  migrationIn,
  namespacesIn,
  secretNamesIn,
  soleVersionOf,
} from "./account.ts";
import type { ConfigName, Worker } from "./deploy-plan.ts";
import { bindingsOf, type EnvironmentName, environmentOf, readConfiguration } from "./installation/environments.ts";
import type { Ids } from "./wrangler-process.ts";

/** wrangler for one environment. */
export type Wrangler = (
  config: ConfigName,
  args: readonly string[],
  options?: { readonly show?: boolean; readonly input?: string; readonly ids?: Ids },
) => Promise<Ended>;

export interface Found {
  readonly deployments: Readonly<Record<Worker, Deployments>>;
  /** Workers whose classes of Durable Objects change, or whose last upload does not say. */
  readonly hasNewClasses: Readonly<Record<Worker, boolean>>;
  /** Required, and not set. */
  readonly missingSecrets: readonly string[];
  readonly ids: Ids;
  /** Still to be made, as wrangler's arguments. */
  readonly toMake: readonly { readonly says: string; readonly args: readonly string[] }[];
}

const notLoggedIn = "wrangler is not logged in: `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.";

export async function lookAt(environment: EnvironmentName, wrangler: Wrangler): Promise<Found> {
  const me = await wrangler("gateway", ["whoami", "--json"]);
  if (me.code !== 0) throw new Failure(notLoggedIn);
  const names = resourceNames(environment);
  const buckets = await wrangler("gateway", ["r2", "bucket", "list"]);
  if (isWithoutR2(buckets.output)) {
    throw new Failure(
      "The account has no R2: enable it in Cloudflare's dashboard (R2 → Overview), and run this again.",
    );
  }
  const present = bucketNamesIn(answered("r2 bucket list", buckets));
  const lacking = names.buckets.filter((name) => !present.includes(name));
  const databases = readable("d1 list", databasesIn(await ask(wrangler, ["d1", "list", "--json"])));
  const caches = readable("kv namespace list", namespacesIn(await ask(wrangler, ["kv", "namespace", "list"])));
  const deployments = {
    gateway: await deploymentsOf("gateway", wrangler),
    app: await deploymentsOf("app", wrangler),
  };
  const ids: Ids = { database: databases.get(names.database), cache: caches.get(names.cache) };
  return {
    deployments,
    hasNewClasses: {
      gateway: await hasNewClasses("gateway", deployments.gateway, wrangler),
      app: await hasNewClasses("app", deployments.app, wrangler),
    },
    missingSecrets: await missingSecrets(deployments.gateway, wrangler),
    ids,
    toMake: [
      ...lacking.map((name) => ({ says: `The bucket ${name}`, args: ["r2", "bucket", "create", name] })),
      ...(ids.database ? [] : [{ says: `The database ${names.database}`, args: ["d1", "create", names.database] }]),
      ...(ids.cache ? [] : [{ says: `The cache ${names.cache}`, args: ["kv", "namespace", "create", names.cache] }]),
    ],
  };
}

/** Makes what is missing. @returns the ids, asked for anew where something was made. */
export async function makeMissing(
  environment: EnvironmentName,
  found: Found,
  wrangler: Wrangler,
  print: (line: string) => void,
): Promise<Ids> {
  for (const { says, args } of found.toMake) {
    print(`${says} …`);
    answered(args.slice(0, 3).join(" "), await wrangler("gateway", args, { show: true }));
  }
  if (found.toMake.length === 0) return found.ids;
  const names = resourceNames(environment);
  const database = readable("d1 list", databasesIn(await ask(wrangler, ["d1", "list", "--json"]))).get(names.database);
  const caches = readable("kv namespace list", namespacesIn(await ask(wrangler, ["kv", "namespace", "list"])));
  return { database, cache: caches.get(names.cache) };
}

export async function deploymentsOf(worker: Worker, wrangler: Wrangler): Promise<Deployments> {
  const ended = await wrangler(worker, ["deployments", "list", "--json"]);
  const answer = deploymentsIn(ended);
  if (!answer && isNotLoggedIn(ended.output)) throw new Failure(notLoggedIn);
  if (!answer) throw new Failure(`wrangler can't say what is deployed: ${complaintIn(ended.output)}`);
  return answer;
}

/** The newest migration in a Worker's configuration. */
export function newestMigration(worker: Worker): string {
  return readConfiguration(worker).migrations.at(-1)?.tag ?? "none";
}

async function hasNewClasses(worker: Worker, deployments: Deployments, wrangler: Wrangler): Promise<boolean> {
  const version = soleVersionOf(deployments);
  if (version === undefined) return true;
  return migrationIn(await wrangler(worker, ["versions", "view", version, "--json"])) !== newestMigration(worker);
}

async function missingSecrets(deployments: Deployments, wrangler: Wrangler): Promise<readonly string[]> {
  const required = variableTable.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  if (deployments.length === 0) return required;
  const present = readable("secret list", secretNamesIn(await ask(wrangler, ["secret", "list", "--format", "json"])));
  return required.filter((name) => !present.includes(name));
}

function resourceNames(environment: EnvironmentName): { buckets: string[]; database: string; cache: string } {
  const [gateway, app] = [readConfiguration("gateway"), readConfiguration("app")];
  const of = (kind: string, config = gateway): string =>
    bindingsOf(config, environment).find((one) => one.kind === kind)?.resource ?? "";
  const buckets = [of("R2 bucket"), of("R2 bucket", app)].filter((name) => name !== "");
  return { buckets, database: of("D1 database"), cache: of("KV namespace", app) };
}

/** The name of a Worker in an environment. */
export function workerName(worker: Worker, environment: EnvironmentName): string {
  return environmentOf(readConfiguration(worker), environment).name;
}

async function ask(wrangler: Wrangler, args: readonly string[]): Promise<string> {
  return answered(args.slice(0, 3).join(" "), await wrangler("gateway", args));
}

/** @throws Failure where wrangler did not do it. */
export function answered(what: string, { code, output }: Ended): string {
  if (code === 0) return output;
  throw new Failure(`wrangler ${what} failed: ${complaintIn(output)}`);
}

function readable<T>(what: string, value: T | undefined): T {
  if (value === undefined) throw new Failure(`wrangler ${what} gave no answer that can be read.`);
  return value;
}
