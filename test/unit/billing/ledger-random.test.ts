/**
 * Random lives of a ledger, and faults of other ledgers that they have to find. `ROOMTONE_SCHEDULES` has more of them run,
 * `ROOMTONE_SEED` others.
 */
import { expect, inject, test } from "vitest";
import { type HoldPlant, runHolds } from "./hold-schedule.ts";
import { type Plant, runSchedule } from "./schedule.ts";

const schedules = Number(process.env["ROOMTONE_SCHEDULES"] ?? "150");
const firstSeed = inject("seed");

test("[B1][B4][B5][B6] sums are exact, nothing is lost and nothing counts twice, in any random life", async () => {
  for (let seed = firstSeed; seed < firstSeed + schedules; seed += 1) {
    expect(await runSchedule(seed), `ROOMTONE_SEED=${seed}`).toBeUndefined();
  }
}, 3_600_000);

const plants: readonly Plant[] = [
  "flush_clears_first",
  "multiplier_twice",
  "dedupe_by_name",
  "id_per_kind",
  "counts_again",
];
test.each(plants)("[B1][B3][B6] a ledger with a fault is found out: %s", async (plant) => {
  for (let seed = 1; seed <= 50; seed += 1) if ((await runSchedule(seed, plant)) !== undefined) return;
  expect.unreachable("no schedule found it");
});

test("[B8] each call is held or counted, once, in any random life of a budget", () => {
  for (let seed = firstSeed; seed < firstSeed + schedules; seed += 1) {
    expect(runHolds(seed), `ROOMTONE_SEED=${seed}`).toBeUndefined();
  }
}, 3_600_000);

const holdPlants: readonly HoldPlant[] = [
  "hold_never_released",
  "settled_twice",
  "free_before_its_entry",
  "held_again_after_a_kill",
];
test.each(holdPlants)("[B8] a budget with a fault is found out: %s", (plant) => {
  for (let seed = 1; seed <= 50; seed += 1) if (runHolds(seed, plant) !== undefined) return;
  expect.unreachable("no schedule found it");
});
