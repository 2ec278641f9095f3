import { expect, test } from "vitest";
import { SeqSet } from "../../client/capture/seq-set.ts";
import { limits } from "../../schemas/limits.ts";
import { randomFrom, seed } from "../unit/support/random.ts";
import { UplinkWorld } from "./support/uplink-world.ts";

const schedules = 600;

/** What an earlier run left: all in the outbox, and parts of it kept already, in more than 64 pieces at times. */
function earlierRun(world: UplinkWorld, random: (below: number) => number): void {
  const seconds = random(400);
  const keptPercent = random(101);
  for (let i = 0; i < seconds; i += 1) world.capture();
  for (const [seq, audio] of world.captured) if (random(100) < keptPercent) world.room.track.keep(seq, audio);
  world.crash(0);
}

function step(world: UplinkWorld, random: (below: number) => number): void {
  const dice = random(100);
  if (dice < 30) world.deliverToRoom(random(12) === 0 ? "rate_limited" : undefined, random(10) === 0);
  else if (dice < 62) world.deliverToClient(random(40) === 0 ? "lost" : random(10) === 0 ? "twice" : "once");
  else if (dice < 85) {
    if (!world.end) world.capture();
  } else if (dice < 87) {
    if (!world.end) world.skip(1 + random(3));
  } else if (dice < 91) {
    if (world.isCoolingDown) world.wake();
  } else if (dice < 96) {
    if (!world.connection) world.connect();
  } else if (dice < 98) {
    if (world.connection) world.disconnect(random(world.connection.toRoom.length + 1));
  } else if (dice < 99) {
    if (random(3) === 0) world.crash(random((world.connection?.toRoom.length ?? 0) + 1));
  } else if (!world.end && random(4) === 0) world.endSource();
}

/** Faults are over: it must finish by itself, with the one thing that a shell adds, a new connection after silence. */
function settle(world: UplinkWorld): void {
  if (!world.end) world.endSource();
  for (let steps = 0; !world.finish; steps += 1) {
    if (steps > 20_000) throw new Error("it does not finish");
    if (!world.connection) world.connect();
    else if (world.isCoolingDown) world.wake();
    else if (world.connection.toRoom.length > 0) world.deliverToRoom();
    else if (world.connection.toClient.length > 0) world.deliverToClient();
    else {
      expect([world.uplink.isWaiting, world.connection.isLossy]).toEqual([true, true]);
      world.disconnect(0);
    }
  }
}

test(`[K6] ${schedules} schedules of faults: nothing is lost, doubled or sent without need (seed ${seed})`, () => {
  const total = { sends: 0, needless: 0, reconnects: 0, crashes: 0 };
  for (let schedule = 0; schedule < schedules; schedule += 1) {
    const random = randomFrom(seed + schedule);
    const world = new UplinkWorld(1 + random(random(2) === 0 ? 3 : 32), random(2) === 0 ? null : 16);
    try {
      run(world, random);
    } catch (cause) {
      throw new Error(`ROOMTONE_SEED=${seed + schedule}: ${String(cause)}`, { cause });
    }
    for (const key of ["sends", "needless", "reconnects", "crashes"] as const) total[key] += world.counts[key];
  }
  // The schedules are of use only while they are rough.
  expect(total.reconnects).toBeGreaterThan(3 * schedules);
  expect(total.crashes).toBeGreaterThan(schedules);
});

function run(world: UplinkWorld, random: (below: number) => number): void {
  if (random(3) > 0) earlierRun(world, random);
  for (let i = random(4); i > 0; i -= 1) world.room.refused.add(1 + random(600));
  for (const seq of world.room.track.seqs()) world.room.refused.delete(seq);
  for (let i = random(900); i > 0 && !world.finish; i -= 1) step(world, random);
  settle(world);

  for (const [seq, audio] of world.captured) {
    const isRefused = world.room.refused.has(seq);
    expect([world.lost.has(seq), world.room.track.at(seq)]).toEqual([isRefused, isRefused ? undefined : audio]);
  }
  expect(world.room.track.size).toBe(world.captured.size - world.lost.size);
  const lacking = SeqSet.of([[1, world.nextSeq - 1]]);
  for (const seq of world.room.track.seqs()) lacking.delete(seq);
  expect(world.finish).toEqual({
    do: "finish",
    complete: lacking.size === 0,
    missing: lacking.ranges().slice(0, limits.maxMissingRanges),
  });
}
