/** `npm run deploy`: both Workers, in an order that works the first time too. docs/operations.md says what it does when. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import * as z from "zod";
import { Failure } from "../schemas/lib/failure.ts";
import { defineCommand } from "./cli/define-command.ts";
import { type CommandRun, runCommand } from "./cli/run-command.ts";
import {
  type Installed,
  isInstalled,
  planDeploy,
  planDryRun,
  planRollback,
  type Step,
  uploadSizeOf,
  type Worker,
} from "./deploy/deploy-plan.ts";
import { runWrangler } from "./deploy/wrangler-process.ts";
import { buildApp } from "./local/build-app.ts";

const flag = z.boolean().default(false);
const command = defineCommand({
  name: "npm run deploy --",
  description:
    "Deploys the database's tables, the app and the gateway. Live meetings go on; their rooms take new code later.",
  options: {
    only: z
      .enum(["gateway", "app"], "must be gateway or app")
      .optional()
      .meta({ value: "<worker>", description: "gateway or app, instead of both" }),
    now: flag.meta({ description: "rooms take the new code at once: live connections are cut, and resume" }),
    rollback: flag.meta({ description: "go back to the versions before, at once in every room" }),
    dryRun: flag.meta({ description: "build, say how large both are, and send nothing" }),
  },
});

await runCommand(command, async ({ only, now, rollback, dryRun }, run) => {
  if (!rollback) await buildApp();
  if (dryRun) return showSizes(only, run);
  const installed: Installed = { gateway: await isThere("gateway", run), app: await isThere("app", run) };
  const steps = rollback ? planRollback({ only }, installed) : planDeploy({ only, now }, installed);
  if (typeof steps === "string") throw new Failure(steps);
  for (const step of steps) await take(step, run, true);
  run.print("Done.");
  return 0;
});

async function take({ says, config, args }: Step, { signal, print }: CommandRun, show: boolean): Promise<string> {
  print(`${says} …`);
  const { code, output } = await runWrangler(config, args, { signal, show });
  if (code === 0) return output;
  if (!show) print(output);
  throw new Failure(`wrangler ${args.slice(0, 2).join(" ")} failed; what was done before it stays.`);
}

async function isThere(worker: Worker, { signal }: CommandRun): Promise<boolean> {
  const { code, output } = await runWrangler(worker, ["deployments", "list", "--json"], { signal, show: false });
  const answer = isInstalled(code, output);
  if (answer === undefined) throw new Failure(`wrangler can't say what is deployed: ${complaintIn(output)}`);
  return answer;
}

async function showSizes(only: Worker | undefined, run: CommandRun): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "roomtone-deploy-"));
  run.atEnd(() => rm(folder, { recursive: true, force: true }));
  const rows: string[] = [];
  for (const step of planDryRun({ only }, folder)) {
    const size = uploadSizeOf(await take(step, run, false));
    if (!size) throw new Failure("wrangler named no sizes.");
    rows.push(
      `${step.config.padEnd(8)} ${size.uploadKib.toFixed(0).padStart(6)} KiB, gzip ${size.gzipKib.toFixed(0)} KiB`,
    );
  }
  for (const row of rows) run.print(row);
  return 0;
}

/** What wrangler says is wrong; else the last that it printed. */
function complaintIn(output: string): string {
  const lines = stripVTControlCharacters(output)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const complaint = lines.find((line) => line.includes("[ERROR]"))?.replace(/^.*\[ERROR\]\s*/, "");
  return complaint ?? lines.at(-1) ?? "it printed nothing.";
}
