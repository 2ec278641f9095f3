/**
 * Seeded chaos against a real gateway: `npm run chaos -- --minutes 10`. Each schedule is one meeting of a few
 * connections that misbehave, one gateway that is killed now and then, and an R2 that fails. Ends with 1 at the
 * first rule that is broken, naming the seed: `--seed N` plays the same steps again.
 */
import { Failure } from "../../schemas/lib/failure.ts";
import { defineCommand } from "../../scripts/cli/define-command.ts";
import { decimal, wholeNumber } from "../../scripts/cli/option-types.ts";
import { runCommand } from "../../scripts/cli/run-command.ts";
import { ChaosWorld } from "./engine/chaos-world.ts";
import { runSchedule, type ScheduleReport } from "./engine/run-schedule.ts";

const defaultSchedules = 20;
const highestSeed = 1_000_000_000;
const number = wholeNumber(1, highestSeed);

const command = defineCommand({
  name: "npm run chaos --",
  description: "Plays seeded random schedules against a real gateway and checks every promise of the room.",
  options: {
    minutes: decimal(0.01, 100_000).optional().meta({ value: "<n>", description: "go on for so long" }),
    seed: number.optional().meta({ value: "<n>", description: "of the first schedule; alone, plays this one" }),
    schedules: number.optional().meta({
      value: "<n>",
      description: `how many, each with the next seed (default: ${defaultSchedules})`,
    }),
  },
});

await runCommand(command, async ({ minutes, seed, schedules }, { print, atEnd }) => {
  const first = seed ?? Math.floor(Math.random() * highestSeed);
  const until = minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
  const few = seed === undefined ? defaultSchedules : 1;
  const count = schedules ?? (minutes === undefined ? few : Number.POSITIVE_INFINITY);
  // The gateway is in a process group of its own: nobody else ends it. Where it is still starting, our exit does.
  const world = await ChaosWorld.start();
  atEnd(() => world.dispose());
  const reports: ScheduleReport[] = [];
  for (; reports.length < count && Date.now() < until;) {
    const report = await runSchedule(world, first + reports.length).catch(asFailure);
    reports.push(report);
    print(`ok   seed ${report.seed}: ${report.steps} steps, ${report.keptSeconds} seconds kept`);
  }
  const { rows } = await world.checkJournals();
  const steps = reports.reduce((sum, report) => sum + report.steps, 0);
  const seconds = reports.reduce((sum, report) => sum + report.keptSeconds, 0);
  print(`chaos: ${reports.length} schedules from seed ${first}, ${steps} steps, ${seconds} seconds kept: no violation`);
  print(`       ${rows} rows in the rooms' SQLite, no archived audio`);
});

/** What a schedule reports against its seed is for a person to read; anything else keeps its stack. */
function asFailure(cause: unknown): never {
  throw cause instanceof Error && cause.message.startsWith("seed ") ? new Failure(cause.message) : cause;
}
