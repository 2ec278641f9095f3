/**
 * Seeded chaos against a real gateway: `npm run chaos -- --minutes 10`. Each schedule is one meeting of a few
 * connections that misbehave, one gateway that is killed now and then, and an R2 that fails. Ends with 1 at the
 * first rule that is broken, naming the seed: `--seed N` plays the same steps again.
 */
import { Command, InvalidArgumentError } from "commander";
import { ChaosWorld } from "./engine/chaos-world.ts";
import { runSchedule } from "./engine/run-schedule.ts";
import { sentenceOf } from "../../schemas/lib/failure.ts";
import { onStopSignal } from "../../scripts/local/stop-signal.ts";

interface ChaosOptions {
  readonly minutes?: number;
  readonly seed?: number;
  readonly schedules?: number;
}

const defaultSchedules = 20;
const highestSeed = 1_000_000_000;

const command = new Command("chaos")
  .description("Plays seeded random schedules against a real gateway and checks every promise of the room.")
  .option("--minutes <n>", "go on for so long", parseNumber)
  .option("--seed <n>", "of the first schedule; alone, plays this one", parseNumber)
  .option("--schedules <n>", `how many, each with the next seed (${defaultSchedules})`, parseNumber)
  .action(run);

try {
  await command.parseAsync();
} catch (cause) {
  console.error(cause instanceof Error && cause.message.startsWith("seed ") ? cause.message : sentenceOf(cause));
  process.exitCode = 1;
}

async function run({ minutes, seed, schedules }: ChaosOptions): Promise<void> {
  const first = seed ?? Math.floor(Math.random() * highestSeed);
  const until = minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
  const few = seed === undefined ? defaultSchedules : 1;
  const count = schedules ?? (minutes === undefined ? few : Number.POSITIVE_INFINITY);
  // The gateway is in a process group of its own: nobody else ends it. Where it is still starting, our exit does.
  let world: ChaosWorld | undefined;
  onStopSignal(async () => world?.dispose());
  world = await ChaosWorld.start();
  try {
    let seconds = 0;
    let steps = 0;
    let done = 0;
    for (; done < count && Date.now() < until; done += 1) {
      const report = await runSchedule(world, first + done);
      seconds += report.keptSeconds;
      steps += report.steps;
      console.log(`ok   seed ${report.seed}: ${report.steps} steps, ${report.keptSeconds} seconds kept`);
    }
    const { rows } = await world.checkJournals();
    console.log(`chaos: ${done} schedules from seed ${first}, ${steps} steps, ${seconds} seconds kept: no violation`);
    console.log(`       ${rows} rows in the rooms' SQLite, no archived audio`);
  } finally {
    await world.dispose();
  }
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= highestSeed)) throw new InvalidArgumentError(`must be from 1 to ${highestSeed}.`);
  return value;
}
