/** One tenant streams as it should in three phases of the same length; in the second one another tenant abuses the gateway. */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { CommandRun } from "../../../scripts/cli/run-command.ts";
import { KeysAdmin } from "../../../scripts/keys/keys-admin.ts";
import { openLocalKeys } from "../../../scripts/keys/keys-local.ts";
import { mintKey } from "../../../scripts/keys/keys-mint.ts";
import { workerdPids } from "../../../scripts/local/workerd-processes.ts";
import { benchFolder, startBenchGateway } from "../../../scripts/bench/bench-gateway.ts";
import { BadTenant } from "./bad-tenant.ts";
import { GoodTenant } from "./good-tenant.ts";
import { cpuSeconds } from "./process-cpu.ts";
import type { TenantsOptions } from "./tenants-command.ts";
import { costLine, type Phase, phaseRow, ratioLines, tallyLines } from "./tenants-report.ts";

const tickMs = 200;
/** The good tenant streams alone for so long before anything is measured: code gets compiled, rooms get opened. */
const warmUpMs = 3_000;
const badTenant = "bad";

/** @throws Failure where the good tenant loses a second. */
export async function benchTenants(
  { seconds, seed, only: kinds, perSecond }: TenantsOptions,
  run: CommandRun,
): Promise<void> {
  const { print, atEnd } = run;
  const stateDir = benchFolder();
  const secret = randomBytes(32).toString("hex");
  const apiKey = await mintApiKey(stateDir);
  // Resolving costs the one core of a local gateway, for whichever tenant; `npm run bench` measures that.
  const variables = { AUTH_MODE: "required", JWT_SECRET: secret, RESOLVE_AUTO: "off" };
  const { url } = await startBenchGateway(run, variables, stateDir);
  const bad = await BadTenant.create({ url, kinds, seed, tenant: badTenant, secret, apiKey });
  atEnd(() => bad.kill());
  const good = new GoodTenant({ url, tenant: "good", secret, perSecond });
  atEnd(() => good.stop());
  await good.start();
  print(`${kinds.join(", ")}: ${seconds} s quiet, abused, after; default limits, RESOLVE_AUTO=off; seed ${seed}`);
  await delay(warmUpMs);
  const quiet = await measure("quiet", seconds, good, run);
  bad.start();
  const abuse = await measure("abuse", seconds, good, run);
  const tallies = await bad.stop();
  const after = await measure("after", seconds, good, run);
  // Before the last acks are waited for: where the good tenant is kept out for long, that is when one wants to see it.
  console.table([quiet, abuse, after].map(phaseRow));
  for (const line of tallyLines(tallies, seconds)) print(line);
  const cost = costLine(quiet, abuse, tallies);
  if (cost) print(cost);
  for (const line of ratioLines(quiet, abuse, after)) print(line);
  const kept = await good.finish();
  print(`the good tenant's seconds: ${kept} sent, acked and in the state; ${good.refused} refused on the way`);
}

/** Lets the time of a phase pass, and looks at what the good tenant got in it. */
async function measure(
  name: Phase["name"],
  seconds: number,
  good: GoodTenant,
  { progress }: CommandRun,
): Promise<Phase> {
  good.takeAckMs();
  const cpuBefore = await cpuSeconds(workerdPids());
  const startedAt = performance.now();
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - startedAt) / 1_000) {
    progress.update(elapsed, seconds, `${name}: ${elapsed.toFixed(0)} of ${seconds} s`);
    await delay(tickMs);
  }
  progress.clear();
  const cpuAfter = await cpuSeconds(workerdPids());
  const cpu = cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore;
  return { name, seconds, ackMs: good.takeAckMs(), waitingMs: good.waitingMs(), cpu };
}

/** A key for all that the bad tenant may do: resolves take no token. */
async function mintApiKey(stateDir: string): Promise<string> {
  const database = await openLocalKeys(stateDir);
  try {
    const admin = new KeysAdmin({ database, mint: mintKey, now: Date.now });
    const wanted = { tenant: badTenant, name: "bench", scopes: ["admin"], lifetimeMs: undefined } as const;
    return (await admin.create(wanted)).key;
  } finally {
    await database.close();
  }
}
