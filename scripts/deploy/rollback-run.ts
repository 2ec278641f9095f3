/** `npm run deploy -- --rollback`: the versions from before, the gateway first, at once in every room. */
import { Failure } from "../../schemas/lib/failure.ts";
import { versionBefore } from "./account.ts";
import { type DeployTools, rollbackArguments } from "./deploy-run.ts";
import type { Worker } from "./deploy-plan.ts";
import { answered, deploymentsOf } from "./preflight.ts";

export interface RollbackOptions {
  readonly only?: Worker | undefined;
  readonly url?: string | undefined;
  readonly smoke: boolean;
}

export async function runRollback({ only, url, smoke }: RollbackOptions, tools: DeployTools): Promise<void> {
  const targets: { worker: Worker; from: string; to: string }[] = [];
  for (const worker of ["gateway", "app"] as const) {
    if (only !== undefined && only !== worker) continue;
    const deployments = await deploymentsOf(worker, tools.wrangler);
    const to = versionBefore(deployments);
    if (to !== undefined) targets.push({ worker, from: deployments[0]?.join(" and ") ?? "", to });
  }
  if (targets.length === 0) throw new Failure("There is nothing to roll back: no version ran before.");
  // All that it is about to do, before it does any of it.
  for (const { worker, from, to } of targets) tools.print(`The ${worker}: from ${from} to ${to}`);
  for (const { worker, to } of targets) {
    tools.print(`The ${worker}, back …`);
    const args = rollbackArguments(worker, to, "npm run deploy -- --rollback");
    answered("rollback", await tools.wrangler(worker, args, { show: true }));
  }
  if (smoke && url !== undefined) await tools.smoke(url, {});
  tools.print("Rolled back. Tables of the database stay: older versions pass over what they don't know.");
}
