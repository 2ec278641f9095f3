/** What is kept in R2, as entries: once a day and meeting, through kills, days that were missed, a list that is away, and clocks. */
import { expect, test } from "vitest";
import { ledgerEntrySchema, type LedgerEntry } from "../../../schemas/billing/ledger.ts";
import type { Ledger } from "../../../server/app/billing/ledger.ts";
import { type KeptMeeting, tallyLimits } from "../../../server/app/billing/storage-tally.ts";
import { dayMs, dayOf } from "../../../server/app/billing/usage-sums.ts";
import { entry, newWorld, startMs } from "./support.ts";
import { randomOf } from "./schedule.ts";

const ingest = (id: string): LedgerEntry =>
  entry(id, { feature: "ingest", cost_nano_usd: 0, multiplier: "local", quantities: { audio_ms: 1_000 } });
const stored = (ledger: Ledger): LedgerEntry[] =>
  ledger
    .entries(0, 100_000)
    .rows.map(({ event_id, body }) => ledgerEntrySchema.parse({ ...(JSON.parse(body) as object), event_id }))
    .filter(({ feature }) => feature === "storage");
const hour = (session_id: string): KeptMeeting => ({ session_id, kept_seconds: 3_600 });
/** The start of the day after the world's first one. */
const tomorrow = (dayOf(startMs) + 1) * dayMs;

test("[B13] an hour of audio is 115.2 million byte-days a day, at R2's price, from the day after it came until it is deleted", async () => {
  const world = newWorld();
  const ledger = world.wake();
  world.kept.meetings = [hour("weekly")];
  expect(ledger.nextRunAt).toBeUndefined();
  ledger.record([ingest("feed:weekly:1")]);
  await ledger.flush();
  expect(ledger.nextRunAt).toBe(tomorrow);
  for (let day = 0; day < 3; day += 1) {
    world.clock.now = tomorrow + day * dayMs + 5;
    await ledger.run();
    await ledger.run();
  }
  expect(stored(ledger)).toHaveLength(3);
  expect(stored(ledger)[0]).toMatchObject({
    event_id: "storage:2026-11-30:weekly",
    at: tomorrow,
    session_id: "weekly",
    quantities: { byte_days: 115_200_000 },
    // $0.015 for 30,000,000,000 of them.
    cost_nano_usd: 57_600,
    multiplier: "cloud",
    is_estimated: false,
  });
  world.kept.meetings = [];
  world.clock.now += dayMs;
  await ledger.run();
  await ledger.flush();
  expect([stored(ledger).length, ledger.nextRunAt]).toEqual([3, undefined]);
});

test("[B13] on a machine of the deployment it is counted and costs nothing", async () => {
  const world = newWorld();
  world.kept.isOwn = true;
  const ledger = world.wake();
  world.kept.meetings = [hour("weekly")];
  ledger.record([ingest("a")]);
  world.clock.now = tomorrow;
  await ledger.run();
  expect(stored(ledger)).toMatchObject([
    { cost_nano_usd: 0, multiplier: "local", quantities: { byte_days: 115_200_000 } },
  ]);
});

test("[B13] days that were missed are in the next tally, as a guess, a month of them at most", async () => {
  const world = newWorld();
  const ledger = world.wake();
  world.kept.meetings = [hour("weekly")];
  ledger.record([ingest("a")]);
  world.clock.now = tomorrow + 3 * dayMs;
  await ledger.run();
  expect(stored(ledger)).toMatchObject([{ quantities: { byte_days: 4 * 115_200_000 }, is_estimated: true }]);
  world.clock.now += 400 * dayMs;
  await ledger.run();
  expect(stored(ledger)[1]?.quantities.byte_days).toBe(tallyLimits.maxDays * 115_200_000);
});

test("[B13] a list that is away is asked again, and a clock that was set ahead for a while stops nothing", async () => {
  const world = newWorld();
  const ledger = world.wake();
  world.kept.meetings = [hour("weekly")];
  ledger.record([ingest("a")]);
  await ledger.flush();
  world.clock.now = tomorrow;
  world.kept.isDown = true;
  await ledger.run();
  expect(stored(ledger)).toEqual([]);
  expect(ledger.nextRunAt).toBeGreaterThan(world.clock.now);
  world.kept.isDown = false;
  world.clock.now = ledger.nextRunAt ?? 0;
  await ledger.run();
  expect(stored(ledger)).toHaveLength(1);
  world.clock.now += 30 * dayMs;
  await ledger.run();
  world.clock.now -= 29 * dayMs;
  await world.wake().run();
  expect(stored(ledger)).toHaveLength(3);
});

test("[B13] in any order of kills, pages and new audio each meeting is there once a day", async () => {
  for (let seed = 1; seed <= 15; seed += 1) {
    const random = randomOf(seed);
    const world = newWorld(random);
    const meetings = Array.from({ length: 1_200 }, (_, n) => hour(`m${String(n).padStart(5, "0")}`));
    world.kept.meetings = meetings;
    let ledger = world.wake();
    ledger.record([ingest("a")]);
    for (let day = 0; day < 2; day += 1) {
      world.clock.now = tomorrow + day * dayMs;
      for (let step = 0; step < 12; step += 1) {
        const dice = random();
        // A kill: of what the reading that was under way gives, nothing is taken, or a page of it.
        if (dice < 0.4) {
          world.kept.isDown = random() < 0.5;
          const running = ledger.run();
          ledger = world.wake();
          await running;
          world.kept.isDown = false;
        } else if (dice < 0.6) for (const one of meetings) Object.assign(one, { kept_seconds: one.kept_seconds + 1 });
        else world.clock.now += 600_000;
      }
      world.clock.now += 7_200_000;
      await ledger.run();
      const ids = stored(ledger).map(({ event_id }) => event_id);
      expect([ids.length, new Set(ids).size], `seed ${seed}`).toEqual([1_200 * (day + 1), 1_200 * (day + 1)]);
    }
  }
}, 120_000);
