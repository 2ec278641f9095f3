/** Sleep told from a wall clock that was set. */
import { expect, test } from "vitest";
import { SleepClock } from "../../client/capture/sleep-clock.ts";
import { randomFrom, seed } from "../unit/support/random.ts";

/** A machine, and a room elsewhere. */
class World {
  wall = 1_700_000_000_000;
  steady = 50;
  room = 1_700_000_004_000;
  readonly clock = new SleepClock(undefined, { wall: () => this.wall, steady: () => this.steady });
  readonly #startedAt = this.clock.read();

  pass(ms: number): void {
    this.steady += ms;
    this.wall += ms;
    this.room += ms;
  }

  sleep(ms: number): void {
    this.wall += ms;
    this.room += ms;
  }

  set(ms: number): void {
    this.wall += ms;
  }

  askRoom(thereMs = 20, backMs = 20): void {
    const askedAt = this.clock.ask();
    this.pass(thereMs);
    const { room } = this;
    this.pass(backMs);
    this.clock.handleRoomTime(room, askedAt);
  }

  /** What the clock says has passed. */
  passed(): number {
    return this.clock.read() - this.#startedAt;
  }
}

test("[C10] what the room's clock went ahead was slept, to the ms, whatever the wall clock says", () => {
  const world = new World();
  world.askRoom();
  world.pass(100);
  world.sleep(300_000);
  expect(world.passed(), "in doubt").toBe(140);
  expect(world.clock.doubt).toMatchObject({ sleptMs: undefined });
  const { doubt } = world.clock;
  world.askRoom();
  expect(world.passed()).toBe(180 + 300_000);
  expect(doubt).toEqual({ sleptMs: 300_000 });
  // Asleep, and corrected when it woke up.
  world.sleep(60_000);
  world.set(-55_000);
  world.passed();
  world.askRoom();
  expect(world.passed()).toBe(220 + 360_000);
});

test("[C10] a wall clock that is set, forth or back, is no time that passed", () => {
  const world = new World();
  world.askRoom();
  for (const step of [120_000, -120_000, 2_500, -3_600_000, 20_000_000]) {
    world.set(step);
    world.passed();
    expect(world.clock.doubt !== undefined, `by ${step}`).toBe(step > 0);
    world.askRoom();
  }
  expect(world.passed()).toBe(6 * 40);
});

test("a wall clock that is slewed, or boots in 1970 and asks the network, raises no doubt", () => {
  const world = new World();
  world.set(1_500);
  world.passed();
  world.set(1_700_000_000_000);
  expect(world.passed()).toBe(0);
  expect(world.clock.doubt).toBeUndefined();
});

test("[C10] where nobody can be asked a jump counts as sleep", () => {
  const world = new World();
  let settled = 0;
  world.clock.onSettled = () => void (settled += 1);
  world.sleep(5_000);
  world.passed();
  world.sleep(7_000);
  world.passed();
  world.clock.assumeSleep();
  expect([world.passed(), settled]).toEqual([12_000, 1]);
});

test("a clock that runs on while the machine sleeps is believed", () => {
  let elapsed = 0;
  const clock = new SleepClock(() => elapsed);
  elapsed = 3_600_000;
  expect([clock.read(), clock.doubt, clock.needsWitness]).toEqual([3_600_000, undefined, false]);
});

test(`[C10] any mixture of both, over a network that is slow (seed ${seed})`, () => {
  const random = randomFrom(seed);
  const world = new World();
  world.askRoom();
  let expected = 40;
  for (let round = 0; round < 500; round += 1) {
    const isSleep = random(2) === 0;
    const ms = 4_000 + random(100_000);
    if (isSleep) world.sleep(ms);
    else world.set(random(2) === 0 ? ms : -ms);
    world.passed();
    const [there, back] = [random(1_500), random(1_500)];
    world.askRoom(there, back);
    world.askRoom();
    expected += there + back + 40 + (isSleep ? ms : 0);
    expect(Math.abs(world.passed() - expected), `round ${round}`).toBeLessThanOrEqual(750 + 20);
    expected = world.passed();
  }
});
