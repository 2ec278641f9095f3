/** How a deploy tries what it deployed: the version that answers, and a meeting from its first second to its result. */
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { Failure } from "../../schemas/lib/failure.ts";
import type { CommandRun } from "../cli/run-command.ts";
import { KeysAdmin } from "../keys/keys-admin.ts";
import { mintKey } from "../keys/keys-mint.ts";
import { remoteKeys } from "../keys/keys-remote.ts";
import { parseSmokeOptions } from "../smoke/smoke-command.ts";
import { runSmoke } from "../smoke/smoke-run.ts";
import type { Wrangler } from "./preflight.ts";

const keyLifetimeMs = 3_600_000;
const versionPatienceMs = 60_000;
const betweenMs = 2_000;

/** With a key that is made for it and revoked after it; what it streamed stays, in the tenant `smoke`. */
export async function smokeWithKey(address: string, wrangler: Wrangler, run: CommandRun): Promise<void> {
  const database = remoteKeys(async (args) => (await wrangler("gateway", args)).stdout ?? "");
  const admin = new KeysAdmin({ database, mint: mintKey, now: Date.now });
  const { key, row } = await admin.create({
    tenant: "smoke",
    name: "deploy",
    scopes: ["sessions:write", "sessions:read"],
    lifetimeMs: keyLifetimeMs,
  });
  const works: (() => unknown)[] = [];
  try {
    const options = parseSmokeOptions(["--base-http", address, "--chunks", "5", "--finalize"], {});
    if (!options) throw new Error("smoke has no options");
    await runSmoke({ ...options, token: key }, { ...run, atEnd: (work) => void works.push(work) });
  } finally {
    for (const work of works) await work();
    await admin.revoke(row.key_id);
  }
}

const healthSchema = z.looseObject({ build: z.string() });

/** An upload takes some seconds to reach every place. */
export async function awaitVersion(address: string, version: string, signal: AbortSignal): Promise<void> {
  let last = "nothing";
  for (
    const until = Date.now() + versionPatienceMs;
    Date.now() < until;
    await sleep(betweenMs, undefined, { signal })
  ) {
    try {
      const answer = await fetch(new URL("health", address.replace(/\/?$/, "/")), { signal });
      const health = healthSchema.safeParse(await answer.json());
      last = health.success ? health.data.build : `status ${answer.status}`;
    } catch (cause) {
      last = cause instanceof Error ? cause.message : String(cause);
    }
    if (last === version) return;
  }
  throw new Failure(`${address} does not run version ${version} after a minute, but ${last}.`);
}
