/**
 * `npm run deploy` for one environment: look, make what is missing, deploy in order, try it, and go back where that fails.
 * Guarantees that a run which ends badly after a Worker was changed leaves the versions from before serving, where there are
 * any and Cloudflare lets them; it says which. docs/operations.md says what it does when.
 */
import { Failure, sentenceOf } from "../../schemas/lib/failure.ts";
import { addressIn, type Ended, soleVersionOf, tagOf, versionIn } from "./account.ts";
import { type DeployChoice, planDeploy, type Step, type Worker } from "./deploy-plan.ts";
import { answered, type Found, lookAt, makeMissing, newestMigration, workerName, type Wrangler } from "./preflight.ts";
import type { EnvironmentName } from "./installation/environments.ts";
import type { Ids } from "./wrangler-process.ts";

export interface DeployTools {
  readonly wrangler: Wrangler;
  readonly print: (line: string) => void;
  /** Of a secret that is required and missing. @throws Failure where there is nobody to ask. */
  readonly askSecret: (name: string) => Promise<string>;
  /** Streams a meeting to the address, with a key of its own. @throws Failure where an answer is wrong. */
  readonly smoke: (address: string, ids: Ids) => Promise<void>;
  /** Until the address says that it runs this version. @throws Failure where it never does. */
  readonly awaitVersion: (address: string, version: string) => Promise<void>;
  readonly wait: (ms: number) => Promise<void>;
}

export interface DeployOptions extends DeployChoice {
  readonly environment: EnvironmentName;
  /** Where the gateway is reached; undefined: as wrangler says it. */
  readonly url?: string | undefined;
  /** Percent of the requests that a new version gets first; 100: all at once. */
  readonly percent: number;
  /** How long the new version gets only that share before it gets all requests. */
  readonly holdMinutes: number;
  readonly smoke: boolean;
}

const minuteMs = 60_000;

export async function runDeploy(options: DeployOptions, tools: DeployTools): Promise<void> {
  const { environment, url, smoke: isTried } = options;
  const { print } = tools;
  print(`Looking at ${environment} …`);
  const found = await lookAt(environment, tools.wrangler);
  checkStart(options, found);
  const steps = planDeploy(options, { gateway: isThere(found, "gateway"), app: isThere(found, "app") });
  if (typeof steps === "string") throw new Failure(steps);
  const secrets = await secretsFor(found, tools);
  const ids = await makeMissing(environment, found, tools.wrangler, print);
  const wrangler: Wrangler = (config, args, more) => tools.wrangler(config, args, { ids, ...more });
  const changed = new Set<Worker>();
  let address = url;
  let version: string | undefined;
  try {
    // A new version may need them.
    if (secrets !== undefined && isThere(found, "gateway")) await sendSecrets(secrets, wrangler);
    for (const step of steps) {
      const result = await take(step, { options, found, tools: { ...tools, wrangler }, ids, address, changed });
      address ??= addressIn(result.output);
      // A first gateway answers 503 until it has them.
      if (secrets !== undefined && step.config === "alone") await sendSecrets(secrets, wrangler);
      if (step.worker === "gateway") version = versionIn(result.output);
    }
    if (isTried && address === undefined) {
      throw new Failure(
        "wrangler named no address to try: say it with --url, or leave the trial out with --without-smoke.",
      );
    }
    if (isTried && address !== undefined) {
      if (version !== undefined) await tools.awaitVersion(address, version);
      await tools.smoke(address, ids);
    }
  } catch (cause) {
    await goBack(changed, found, { ...tools, wrangler });
    throw new Failure(`Not deployed: ${sentenceOf(cause)}`);
  }
  print(address === undefined ? "Deployed." : `Deployed: ${address}`);
}

function isThere({ deployments }: Found, worker: Worker): boolean {
  return deployments[worker].length > 0;
}

/** What would leave a deploy half done is said before it begins. */
function checkStart({ url, smoke: isTried, environment }: DeployOptions, found: Found): void {
  for (const worker of ["gateway", "app"] as const) {
    if (isThere(found, worker) && soleVersionOf(found.deployments[worker]) === undefined) {
      throw new Failure(
        `A rollout of ${workerName(worker, environment)} is under way: end it with \`npm run deploy -- --env ${environment} --rollback\`, or with \`npx wrangler versions deploy\`.`,
      );
    }
  }
  if (isTried && url === undefined && isThere(found, "gateway")) {
    throw new Failure("Which address is to be tried when it is deployed? --url https://…, or --without-smoke.");
  }
}

async function secretsFor({ missingSecrets }: Found, tools: DeployTools): Promise<string | undefined> {
  if (missingSecrets.length === 0) return undefined;
  const entries: [string, string][] = [];
  for (const name of missingSecrets) entries.push([name, await tools.askSecret(name)]);
  return JSON.stringify(Object.fromEntries(entries));
}

async function sendSecrets(secrets: string, wrangler: Wrangler): Promise<void> {
  answered("secret bulk", await wrangler("gateway", ["secret", "bulk"], { input: secrets }));
}

interface Taking {
  readonly options: DeployOptions;
  readonly found: Found;
  readonly tools: DeployTools;
  readonly ids: Ids;
  readonly address: string | undefined;
  readonly changed: Set<Worker>;
}

async function take(step: Step, taking: Taking): Promise<Ended> {
  const { options, found, tools, changed } = taking;
  const { says, config, worker, args } = step;
  const before = worker && soleVersionOf(found.deployments[worker]);
  const isGradual = worker !== undefined && before !== undefined && options.percent < 100 && !options.now;
  if (worker && isGradual && !found.hasNewClasses[worker]) return rollOut(step, worker, before, taking);
  if (isGradual)
    tools.print(`${says}: all at once, since its classes of Durable Objects change (or its last upload does not say).`);
  tools.print(`${says} …`);
  if (worker) changed.add(worker);
  const tag = worker ? ["--tag", tagOf(newestMigration(worker))] : [];
  const ended = await tools.wrangler(config, [...args, ...tag], { show: true });
  answered(args.slice(0, 2).join(" "), ended);
  return ended;
}

/** A part of the requests first, then all. */
async function rollOut(step: Step, worker: Worker, before: string, taking: Taking): Promise<Ended> {
  const { options, tools, changed, address, ids } = taking;
  const { percent, holdMinutes } = options;
  tools.print(`${step.says}, to ${percent} % of the requests …`);
  const tag = tagOf(newestMigration(worker));
  const upload = await tools.wrangler(step.config, ["versions", "upload", "--tag", tag], { show: true });
  const version = versionIn(answered("versions upload", upload));
  if (version === undefined) throw new Failure("wrangler versions upload named no version.");
  changed.add(worker);
  const split = [`${version}@${percent}%`, `${before}@${100 - percent}%`];
  answered("versions deploy", await tools.wrangler(step.config, ["versions", "deploy", ...split, "--yes"]));
  if (options.smoke && address !== undefined) await tools.smoke(address, ids);
  if (holdMinutes > 0) {
    tools.print(`${holdMinutes} min at ${percent} %: look at the alerts. Ctrl-C and --rollback end it.`);
    await tools.wait(holdMinutes * minuteMs);
  }
  tools.print(`${step.says}, to all …`);
  const all = await tools.wrangler(step.config, ["versions", "deploy", `${version}@100%`, "--yes"]);
  answered("versions deploy", all);
  return { code: 0, output: `Version ID: ${version}` };
}

/** The gateway first: what it tells the app, the older app may not understand. */
async function goBack(changed: ReadonlySet<Worker>, found: Found, tools: DeployTools): Promise<void> {
  for (const worker of ["gateway", "app"] as const) {
    if (!changed.has(worker)) continue;
    const before = soleVersionOf(found.deployments[worker]);
    if (before === undefined) {
      tools.print(`The ${worker} has no version to go back to: it is new. Mend what failed, and deploy again.`);
      continue;
    }
    tools.print(`The ${worker}, back to ${before} …`);
    const { code, output } = await tools.wrangler(worker, rollbackArguments(worker, before, "a deploy failed"));
    if (code === 0) continue;
    tools.print(`wrangler could not go back; \`npx wrangler rollback ${before}\` says why:\n${output}`);
  }
}

/** Rooms take the older code at once: it is wanted because the newer is bad. */
export function rollbackArguments(worker: Worker, version: string, reason: string): string[] {
  const now = worker === "gateway" ? ["--durable-objects-code-update-mode", "immediate"] : [];
  return ["rollback", version, "--yes", "--message", reason, ...now];
}
