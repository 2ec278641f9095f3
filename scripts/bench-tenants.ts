/**
 * `npm run bench:tenants`: one tenant streams as it should while another abuses the gateway at full speed, in one process
 * with the default limits. Printed is how much longer the first one's acks take; it must lose nothing. Locally all
 * tenants share one process and one core; where the gateway is deployed each room is on its own, and it is milder there.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createProgress } from "../client/cli/progress.ts";
import { BadTenant } from "./bench/tenants/bad-tenant.ts";
import { GoodTenant } from "./bench/tenants/good-tenant.ts";
import { cpuSeconds } from "./bench/tenants/process-cpu.ts";
import { parseTenantsOptions, type TenantsOptions } from "./bench/tenants/tenants-options.ts";
import { costLine, type Phase, phaseRow, ratioLines, tallyLines } from "./bench/tenants/tenants-report.ts";
import { sentenceOf } from "../schemas/lib/failure.ts";
import { type Gateway, startGateway } from "./local/gateway.ts";
import { KeysAdmin } from "./keys/keys-admin.ts";
import { openLocalKeys } from "./keys/keys-local.ts";
import { mintKey } from "./keys/keys-mint.ts";
import { onStopSignal } from "./local/stop-signal.ts";
import { stopGateway, workerdPids } from "./local/workerd-processes.ts";

const tickMs = 200;
/** Of the good tenant alone, before anything is measured: code gets compiled, rooms get opened. */
const warmUpS = 3;
const badTenant = "bad";

const progress = createProgress(process.stderr);
const stopping = new AbortController();
let gateway: Gateway | undefined;
let good: GoodTenant | undefined;
let bad: BadTenant | undefined;

async function cleanUp(): Promise<void> {
  progress.clear();
  bad?.kill();
  good?.stop();
  await stopGateway(gateway);
}

onStopSignal(() => {
  stopping.abort();
  return cleanUp();
});

/** Lets the time of a phase pass, and looks at what the good tenant got in it. */
async function measure(name: Phase["name"], seconds: number): Promise<Phase> {
  good?.takeAckMs();
  const cpuBefore = await cpuSeconds(workerdPids());
  const startedAt = performance.now();
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - startedAt) / 1_000) {
    progress.update(elapsed, seconds, `${name}: ${elapsed.toFixed(0)} of ${seconds} s`);
    await delay(tickMs);
  }
  progress.clear();
  const cpuAfter = await cpuSeconds(workerdPids());
  const cpu = cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore;
  return { name, seconds, ackMs: good?.takeAckMs() ?? [], waitingMs: good?.waitingMs() ?? [], cpu };
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

async function run({ seconds, seed, kinds, perSecond }: TenantsOptions): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), "roomtone-bench-"));
  // Not in `cleanUp`: a dying workerd makes its folders anew.
  process.once("exit", () => rmSync(stateDir, { recursive: true, force: true, maxRetries: 10 }));
  const secret = randomBytes(32).toString("hex");
  const apiKey = await mintApiKey(stateDir);
  // Resolving costs the one core of a local gateway, for whichever tenant; `npm run bench` measures that.
  const variables = { AUTH_MODE: "required", JWT_SECRET: secret, RESOLVE_AUTO: "off" };
  gateway = await startGateway({ port: 0, stateDir, variables });
  const { url } = gateway;
  bad = await BadTenant.create({ url, kinds, seed, tenant: badTenant, secret, apiKey });
  if (kinds.includes("heedless")) {
    console.log("The bad tenant uses up its bursts first.");
    await bad.drain();
  }
  good = new GoodTenant({ url, tenant: "good", secret, perSecond });
  await good.start();
  console.log(`${kinds.join(", ")}: ${seconds} s quiet, abused, after; default limits, RESOLVE_AUTO=off; seed ${seed}`);
  await delay(warmUpS * 1_000);
  const quiet = await measure("quiet", seconds);
  bad.start();
  const abuse = await measure("abuse", seconds);
  const tallies = await bad.stop();
  const after = await measure("after", seconds);
  // Before the last acks are waited for: where the good tenant is kept out for long, that is when one wants to see it.
  console.table([quiet, abuse, after].map(phaseRow));
  for (const line of tallyLines(tallies, seconds)) console.log(line);
  const cost = costLine(quiet, abuse, tallies);
  if (cost) console.log(cost);
  for (const line of ratioLines(quiet, abuse, after)) console.log(line);
  const kept = await good.finish();
  console.log(`the good tenant's seconds: ${kept} sent, acked and in the state; ${good.refused} refused on the way`);
}

let code = 1;
try {
  const options = parseTenantsOptions(process.argv.slice(2));
  if (options) await run(options);
  code = 0;
} catch (cause) {
  // Stopped on purpose: what breaks then is no news.
  if (!stopping.signal.aborted) {
    progress.clear();
    console.error(sentenceOf(cause));
  }
}
if (!stopping.signal.aborted) {
  await cleanUp();
  process.exit(code);
}
