/**
 * `npm run bench:ledger -- 1000000`: records entries in one ledger on SQLite, 100 at a time, and says by its size how long recording,
 * balance and usage take, and how much an entry takes on disk. What must not grow is the ratio of the last line to the first.
 */
import { defineCommand } from "../../scripts/cli/define-command.ts";
import { wholeNumber } from "../../scripts/cli/option-types.ts";
import { readOptions } from "../../scripts/cli/run-command.ts";
import { entry, newWorld, startMs } from "../unit/billing/support.ts";

const perCall = 100;
const tenths = 10;
/** A tenth of them is a whole number of calls. */
const step = perCall * tenths;

const { entries: all } = readOptions(
  defineCommand({
    name: "npm run bench:ledger --",
    description: "How long a ledger of many entries takes to record, and to say its balance and usage.",
    operands: {
      entries: wholeNumber(step, 100_000_000)
        .refine((count) => count % step === 0, "must be in thousands")
        .meta({ value: "[entries]", description: "entries in the end, in thousands", default: "1000000" }),
    },
  }),
);
const { sqlite, wake } = newWorld();
const ledger = wake();
const day = Math.floor(startMs / 86_400_000);
const timed = (work: () => unknown): number => {
  const before = performance.now();
  work();
  return performance.now() - before;
};
const at = (times: readonly number[], share: number): number =>
  times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
const bytes = (): number => {
  const { sql } = sqlite.open();
  const { page_count: pages } = sql.exec<{ page_count: number }>("PRAGMA page_count").one();
  const { page_size: size } = sql.exec<{ page_size: number }>("PRAGMA page_size").one();
  return pages * size;
};

console.log("entries      record of 100, p50 / p99, ms   balance, ms   usage by feature, ms   bytes an entry");
for (let from = 0; from < all; from += all / tenths) {
  const records: number[] = [];
  for (let n = from; n < from + all / tenths; n += perCall) {
    const entries = Array.from({ length: perCall }, (_, i) =>
      entry(`call:${n + i}`, { at: startMs - ((n + i) % 30) * 86_400_000, session_id: `meeting-${(n + i) % 1_000}` }),
    );
    records.push(timed(() => ledger.record(entries)));
  }
  const balance = Array.from({ length: 100 }, () => timed(() => ledger.balance()));
  const page = { after: undefined, limit: 100 };
  const usage = Array.from({ length: 100 }, () =>
    timed(() => ledger.usage("feature", { from: day - 29, to: day }, page)),
  );
  const size = from + all / tenths;
  const figures = [at(records, 0.5), at(records, 0.99), at(balance, 0.99), at(usage, 0.99), bytes() / size];
  console.log(size, ...figures.map((figure) => figure.toFixed(3)));
}
