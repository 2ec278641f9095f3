/** Random lives of devices that run the client library, each to be had again by its number; and bugs that must be found by them. */
import { describe, expect, it } from "vitest";
import { seed } from "../support/random.ts";
import { runClientSchedule } from "./client-schedule.ts";
import { plantedBugs } from "./planted-bugs.ts";

const schedules = Number(process.env["ROOMTONE_SCHEDULES"] ?? 60);

it(`[SY11] [SY12] [SY13] ${schedules} schedules from seed ${seed}: devices end alike, nothing is lost, each conflict is told once`, async () => {
  const wrong: string[] = [];
  for (let n = 0; n < schedules; n += 1) {
    const found = await runClientSchedule(seed + n);
    if (found !== undefined) wrong.push(`ROOMTONE_SEED=${seed + n}: ${found}`);
  }
  expect(wrong).toEqual([]);
}, 240_000);

describe("[SY11] [SY12] [SY13] a planted bug is found:", () => {
  it.each(plantedBugs)(
    "$name",
    async ({ bug, says }) => {
      for (let n = 0; n < 100; n += 1) {
        const found = await runClientSchedule(n + 1, bug()).catch((cause: unknown) => String(cause));
        if (found !== undefined && says.test(found)) return;
      }
      expect.fail("100 schedules have not found it");
    },
    240_000,
  );
});
