/** Looks at the machine, runs the figures that were asked for, looks again, and says whether anything may be concluded. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { Failure } from "../../schemas/lib/failure.ts";
import type { CommandRun } from "../cli/run-command.ts";
import { Bench } from "./bench.ts";
import { contestantNamed, nullRoom } from "./contestants/contestants.ts";
import type { FigureName } from "./figure-names.ts";
import { acks, rooms } from "./figures/acks.ts";
import { cost } from "./figures/cost.ts";
import { finalize } from "./figures/finalize.ts";
import { live } from "./figures/live.ts";
import { packing } from "./figures/packing.ts";
import { size, start } from "./figures/start.ts";
import { resume, wake } from "./figures/wake.ts";
import { watched } from "./figures/watchers.ts";
import { lookAtMachine } from "./reference.ts";
import { type FigureTable, markdownOf } from "./report/figure.ts";
import { median } from "./report/stats.ts";
import { svgOf } from "./report/svg.ts";
import { type Reference, reasonsToDoubt } from "./report/verdict.ts";

export interface BenchRunOptions {
  readonly only: readonly FigureName[];
  readonly rounds: number;
  readonly long: boolean;
  readonly anyway: boolean;
  readonly out?: string | undefined;
}

type Figure = (bench: Bench) => Promise<FigureTable | FigureTable[]>;

const figures: Readonly<Record<FigureName, Figure>> = {
  ack: acks,
  rooms,
  live,
  wake,
  resume,
  finalize,
  watchers: watched,
  start,
  size,
  cost,
  packing,
};
const [referenceChunks, referenceRounds] = [3_000, 5] as const;

export async function bench(options: BenchRunOptions, run: CommandRun): Promise<number> {
  const all = new Bench(run, { rounds: options.rounds, isLong: options.long });
  const before = await look(all);
  const early = reasonsToDoubt([before]);
  if (early.length > 0 && !options.anyway) {
    for (const reason of early) run.print(reason);
    throw new Failure("The machine is busy: nothing would follow from a run. --anyway runs regardless.");
  }
  const tables: FigureTable[] = [];
  for (const name of options.only) {
    const startedAt = performance.now();
    const made = [await figures[name](all)].flat();
    tables.push(...made);
    for (const table of made) run.print(markdownOf(table));
    run.print(`\n${name}: ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
    await all.stopServers();
  }
  const after = await look(all);
  const reasons = reasonsToDoubt([before, after]);
  if (options.out !== undefined) write(options.out, { tables, looks: [before, after], reasons });
  run.print(`\n${describe("before", before)}\n${describe("after", after)}`);
  for (const reason of reasons) run.print(reason);
  if (reasons.length === 0) return 0;
  run.print("NOTHING FOLLOWS FROM THIS RUN: the machine was not quiet.");
  return options.anyway ? 0 : 1;
}

/** With the null room, which is what all ratios stand on. */
async function look(all: Bench): Promise<Reference> {
  all.progress("Looking at the machine");
  const machine = await lookAtMachine();
  const room = contestantNamed(nullRoom);
  const rates: number[] = [];
  for (let round = 0; round <= referenceRounds; round += 1) {
    const tracks = all.sessions(1).map((session) => ({ session }));
    const drive = { kind: "window", window: room.window } as const;
    const { acked, tookMs } = await all.load(room, { tracks, chunks: referenceChunks, drive });
    // The first one warms up.
    if (round > 0) rates.push((acked / tookMs) * 1_000);
  }
  await all.stopServers();
  return { ...machine, nullAcks: median(rates) };
}

function describe(when: string, { othersShare, stretch, workMs, nullAcks = 0 }: Reference): string {
  const others = `${(othersShare * 100).toFixed(0)} % used by others`;
  return `machine ${when}: ${others}, stretch ${stretch.toFixed(2)}, fixed work ${workMs.toFixed(0)} ms, null room ${nullAcks.toFixed(0)}/s`;
}

function write(
  folder: string,
  found: { tables: readonly FigureTable[]; looks: readonly Reference[]; reasons: readonly string[] },
): void {
  mkdirSync(folder, { recursive: true });
  const [processor] = cpus();
  const machine = {
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    processors: cpus().length,
    model: processor?.model ?? "",
    memoryGb: Math.round(totalmem() / 1e9),
  };
  writeFileSync(
    join(folder, "bench.json"),
    `${JSON.stringify({ at: new Date().toISOString(), machine, ...found }, null, 2)}\n`,
  );
  writeFileSync(join(folder, "bench.svg"), svgOf(found.tables));
  writeFileSync(join(folder, "bench.md"), `${found.tables.map(markdownOf).join("\n")}\n`);
}
