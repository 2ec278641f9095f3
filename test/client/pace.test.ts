import { expect, test } from "vitest";
import { Pace } from "../../client/capture/pace.ts";
import { Uplink, type UplinkAction } from "../../client/capture/uplink.ts";
import { ModelRoom, roomError } from "./support/model-room.ts";

/** How many seconds may go out before the next cooldown; 100 stands for any number. */
function turns(pace: Pace): number {
  for (let taken = 0; taken < 100; taken += 1) if (!pace.take().ok) return taken;
  return 100;
}

test("[L2] nothing holds a backlog back until the room has refused some of it", () => {
  const pace = new Pace();
  pace.announce(32, 16);
  pace.handleCooledDown();
  expect(turns(pace)).toBe(100);
});

test("[L2] then a window goes out, and a cooldown as long as the room takes for it", () => {
  const pace = new Pace();
  pace.announce(32, 16);
  pace.handleRefused();
  expect(pace.take()).toEqual({ ok: false, cooldownMs: 2_000 });
  pace.handleCooledDown();
  expect(turns(pace)).toBe(32);
  pace.handleCooledDown();
  expect(turns(pace)).toBe(32);
});

test("[L2] until nothing is left to catch up, or the connection is another", () => {
  for (const ends of [(pace: Pace) => pace.handleCaughtUp(), (pace: Pace) => pace.announce(32, 16)]) {
    const pace = new Pace();
    pace.announce(32, 16);
    pace.handleRefused();
    ends(pace);
    expect(turns(pace)).toBe(100);
  }
});

test("[L2] a room that names no rate is only given the cooldown that it asked for", () => {
  const pace = new Pace();
  pace.announce(32, null);
  pace.handleRefused();
  expect(turns(pace)).toBe(100);
});

const window = 32;
const factor = 16;
const burst = 900;

/** A room that takes `burst` seconds at any speed, then `factor` a second (SPEC L2), by a clock that the test moves. */
class PacedRoom {
  readonly room = new ModelRoom(window, factor);
  nowMs = 0;
  refused = 0;
  #left = burst;
  #filledAt = 0;

  receive(seq: number): ReturnType<ModelRoom["receiveChunk"]> {
    this.#left = Math.min(burst, this.#left + ((this.nowMs - this.#filledAt) / 1_000) * factor);
    this.#filledAt = this.nowMs;
    if (this.#left >= 1) {
      this.#left -= 1;
      return this.room.receiveChunk(seq, `audio ${seq}`);
    }
    this.refused += 1;
    // When a whole window fits.
    return roomError("rate_limited", seq, Math.ceil(((window - this.#left) / factor) * 1_000));
  }
}

test("[L2] a backlog far above the burst gets in at the room's rate, and is refused for one window only", () => {
  const backlog = 3_000;
  const paced = new PacedRoom();
  const uplink = new Uplink([[1, backlog]]);
  const onTheirWay: number[] = [];
  let restUntil = 0;
  const run = (actions: readonly UplinkAction[]): void => {
    for (const action of actions) {
      if (action.do === "send") onTheirWay.push(action.seq);
      if (action.do === "wait") restUntil = Math.max(restUntil, paced.nowMs + action.ms);
    }
  };
  run(uplink.handleReady(paced.room.ready()));
  while (uplink.lagSeconds > 0) {
    const seq = onTheirWay.shift();
    if (seq === undefined) {
      paced.nowMs = restUntil;
      run(uplink.handleWake());
      if (onTheirWay.length === 0) throw new Error("nothing went out after a cooldown");
      continue;
    }
    // A quick network: 200 frames a second.
    paced.nowMs += 5;
    const answer = paced.receive(seq);
    run(answer.type === "ack" ? uplink.handleAck(seq) : uplink.handleError(answer));
  }
  expect(paced.room.track.size).toBe(backlog);
  expect(paced.refused).toBeLessThanOrEqual(window);
  const atItsRateMs = ((backlog - burst) / factor) * 1_000;
  expect(paced.nowMs).toBeLessThan(1.2 * atItsRateMs);
});
