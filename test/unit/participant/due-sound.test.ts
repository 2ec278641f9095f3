/** How much of what a participant says is due, by a clock that may be set. */
import { expect, it } from "vitest";
import { DueSound } from "../../../server/app/participant/room/outflow.ts";

it("[Y8] a participant goes on through a clock that is set back, at the pace at which it is heard", () => {
  const start = Date.UTC(2026, 10, 30);
  const sound = new DueSound(40, start);
  expect([40, 80, 125].map((ms) => sound.due(start + ms))).toEqual([40, 40, 45]);
  // Set back by an hour: it is neither silent for an hour nor in a hurry.
  const back = start - 3_600_000;
  expect([0, 40, 80].map((ms) => sound.due(back + ms))).toEqual([40, 40, 40]);
});

it("[Y8] time that passed unseen is not played after the fact", () => {
  const sound = new DueSound(40, 1_000);
  expect(sound.due(1_000)).toBe(0);
  expect(sound.due(301_000)).toBe(1_000);
  expect(sound.due(301_040)).toBe(40);
});
