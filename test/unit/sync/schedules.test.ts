/** Random lives of a user's devices, each to be had again by its number. */
import { expect, it } from "vitest";
import { seed } from "../support/random.ts";
import { runSchedule } from "./schedule.ts";

const schedules = 50;

it(`[SY2] [SY4] fifty schedules from seed ${seed}: every device ends with what was written last, and with nothing that was deleted`, async () => {
  const wrong: string[] = [];
  for (let n = 0; n < schedules; n += 1) {
    const found = await runSchedule(seed + n);
    if (found !== undefined) wrong.push(`ROOMTONE_SEED=${seed + n}: ${found}`);
  }
  expect(wrong).toEqual([]);
}, 60_000);
