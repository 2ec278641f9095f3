/** `npm run deploy`: both Workers of one environment. docs/operations.md says what it does when. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { Failure } from "../schemas/lib/failure.ts";
import { defineCommand } from "./cli/define-command.ts";
import { address, decimal, flag, oneOf, wholeNumber } from "./cli/option-types.ts";
import { type CommandRun, runCommand } from "./cli/run-command.ts";
import { complaintIn } from "./deploy/account.ts";
import { askSecret } from "./deploy/ask-secret.ts";
import { planDryRun, uploadSizeOf, type Worker } from "./deploy/deploy-plan.ts";
import { type DeployTools, runDeploy } from "./deploy/deploy-run.ts";
import { type EnvironmentName, environmentNames } from "./deploy/installation/environments.ts";
import type { Wrangler } from "./deploy/preflight.ts";
import { runRollback } from "./deploy/rollback-run.ts";
import { runWrangler } from "./deploy/wrangler-process.ts";
import { buildApp } from "./local/build-app.ts";

const command = defineCommand({
  name: "npm run deploy --",
  description:
    "Deploys the database's tables, the app and the gateway, tries them, and goes back where that fails. Live meetings go on; their rooms take new code later.",
  options: {
    env: oneOf(...environmentNames)
      .optional()
      .meta({ value: "<environment>", description: "development, staging or production; needed" }),
    url: address("https:", "http:").optional().meta({
      value: "<url>",
      description: "where the gateway is reached, to try it (the first deploy learns it from wrangler)",
      env: "ROOMTONE_URL",
    }),
    only: z
      .enum(["gateway", "app"], "must be gateway or app")
      .optional()
      .meta({ value: "<worker>", description: "gateway or app, instead of both" }),
    percent: wholeNumber(1, 100)
      .optional()
      .meta({
        value: "<n>",
        description:
          "give a new version this part of the requests first, then all (default: 10 in production, else 100)",
        without: ["rollback"],
      }),
    holdMinutes: decimal(0, 1_440).meta({
      value: "<minutes>",
      description: "how long it has only that part",
      default: "0",
      without: ["rollback"],
    }),
    now: flag.meta({
      description: "rooms take the new code at once: live connections are cut, and resume",
      without: ["rollback"],
    }),
    rollback: flag.meta({ description: "go back to the versions before, at once in every room" }),
    withoutSmoke: flag.meta({ description: "do not try it with a meeting" }),
    dryRun: flag.meta({ description: "build, say how large both are, and send nothing", without: ["rollback"] }),
  },
});

await runCommand(command, async (options, run) => {
  const { env: environment, only, rollback, dryRun, url, withoutSmoke, now, percent, holdMinutes } = options;
  if (environment === undefined) throw new Failure("Which environment? --env development, staging or production.");
  const wrangler = wranglerFor(environment, run);
  if (!rollback) await buildApp();
  if (dryRun) return showSizes(only, wrangler, run);
  const tools: DeployTools = {
    wrangler,
    print: run.print,
    askSecret: (name) => askSecret(name, run.signal),
    // What streams a meeting: a rollback does without.
    smoke: async (at, ids) => {
      const { smokeWithKey } = await import("./deploy/try-installation.ts");
      return smokeWithKey(at, (config, args, more) => wrangler(config, args, { ids, ...more }), run);
    },
    awaitVersion: async (at, version) => {
      const { awaitVersion } = await import("./deploy/try-installation.ts");
      return awaitVersion(at, version, run.signal);
    },
    wait: (ms) => sleep(ms, undefined, { signal: run.signal }),
  };
  const choice = { only, url: url?.href, smoke: !withoutSmoke };
  if (rollback) await runRollback(choice, tools);
  else {
    const firstPart = percent ?? (environment === "production" ? 10 : 100);
    await runDeploy({ ...choice, environment, now, percent: firstPart, holdMinutes }, tools);
  }
  return 0;
});

function wranglerFor(environment: EnvironmentName, { signal }: CommandRun): Wrangler {
  return (config, args, { show = false, input, ids = {} } = {}) =>
    runWrangler(config, args, { environment, ids, show, input, signal });
}

async function showSizes(only: Worker | undefined, wrangler: Wrangler, run: CommandRun): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "roomtone-deploy-"));
  run.atEnd(() => rm(folder, { recursive: true, force: true }));
  const rows: string[] = [];
  for (const { says, config, args } of planDryRun({ only }, folder)) {
    run.print(`${says} …`);
    const { code, output } = await wrangler(config, args);
    const size = uploadSizeOf(output);
    if (code !== 0) run.print(output);
    if (!size) throw new Failure(`wrangler named no sizes: ${complaintIn(output)}`);
    rows.push(`${config.padEnd(8)} ${size.uploadKib.toFixed(0).padStart(6)} KiB, gzip ${size.gzipKib.toFixed(0)} KiB`);
  }
  for (const row of rows) run.print(row);
  return 0;
}
