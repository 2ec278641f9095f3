/**
 * `npm run check`: everything that must hold before a change is merged, side by side as far as the cores allow. Prints a line
 * for each step and all that a failing one printed; exits 1 where any failed. `--fast` leaves the tests out. Long tests are `npm run test:long`.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { defineCommand } from "./cli/define-command.ts";
import { flag } from "./cli/option-types.ts";
import { readOptions } from "./cli/run-command.ts";
import { onStopSignal } from "./local/stop-signal.ts";

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** How many cores it keeps busy. */
  readonly cores: number;
}

const npmRun = (name: string, cores = 1): Step => ({ name, command: ["npm", "run", "-s", name], cores });
const tsc = (project: string): Step => ({
  name: `typecheck ${project}`,
  command: ["npx", "tsc", "-p", project],
  cores: 1,
});
const projects = [
  "tsconfig.json",
  "schemas",
  "server",
  "server/inference",
  "client",
  "client/console",
  "test/room",
  "test/client",
  "test/browser",
];
const quick: readonly Step[] = [
  npmRun("lint", 2),
  ...projects.map(tsc),
  npmRun("format:check"),
  npmRun("generated"),
  npmRun("imports"),
  npmRun("house"),
  npmRun("dead"),
  npmRun("size"),
];
const tests: readonly Step[] = [npmRun("test", 4), npmRun("test:packages", 4)];

const { fast } = readOptions(
  defineCommand({
    name: "npm run check --",
    description: "Everything that must hold before a change is merged, side by side.",
    options: { fast: flag.meta({ description: "leave the tests out" }) },
  }),
);
const cores = availableParallelism();
const running = new Set<number>();

onStopSignal(async () => {
  // Each step is a process group of its own.
  for (const pid of running) process.kill(-pid, "SIGTERM");
  await Promise.resolve();
});

const failed = await runAll(fast ? quick : [...quick, ...tests]);
if (failed.length > 0) console.log(`\nFailed: ${failed.join(", ")}.`);
process.exit(failed.length === 0 ? 0 : 1);

/** Begins the steps in their order, each as soon as its cores are free; one that wants more than there are gets all. */
async function runAll(steps: readonly Step[]): Promise<string[]> {
  const names: string[] = [];
  const begun = new Map<Promise<boolean>, number>();
  const note = async (isGood: Promise<boolean>, { name }: Step): Promise<void> => {
    if (!(await isGood)) names.push(name);
    begun.delete(isGood);
  };
  for (const step of steps) {
    const wanted = Math.min(step.cores, cores);
    const busy = (): number => [...begun.values()].reduce((sum, count) => sum + count, 0);
    while (cores - busy() < wanted) await Promise.race(begun.keys());
    const isGood = run(step);
    begun.set(isGood, wanted);
    void note(isGood, step);
  }
  await Promise.all(begun.keys());
  return names;
}

async function run({ name, command: [file, ...args] }: Step): Promise<boolean> {
  const startedAt = performance.now();
  const child = spawn(file, args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    // What they print is shown on this terminal, if it is one.
    env: process.stdout.isTTY ? { ...process.env, FORCE_COLOR: "1" } : process.env,
  });
  const { pid } = child;
  if (pid !== undefined) running.add(pid);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (output += part.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (pid !== undefined) running.delete(pid);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.log(code === 0 ? `ok    ${name} (${seconds} s)` : `\n${output}\nFAILS ${name} (${seconds} s)`);
  return code === 0;
}
