/** What happens to a capture in `npm run prove`, and when: decided by the seed alone. Pure. */
import { type FaultRates, seededRandom } from "../../client/testkit/fault-plan.ts";

/** More than one message in twenty is struck, in either direction: some faults make sense in one only. */
export const lossRates: FaultRates = {
  drop: 0.015,
  cut: 0.01,
  lose: 0.015,
  delay: 0.01,
  duplicate: 0.01,
  reorder: 0.005,
  stall: 0.01,
};

export type Blow = "disconnect" | "kill the gateway" | "kill the client";

export interface PlannedBlow {
  /** As soon as the room keeps so many seconds. */
  readonly atSecond: number;
  readonly blow: Blow;
}

/** @param lastSecond no blow comes later: one that the capture has outrun would strike nothing. */
export function planBlows(seed: number, disconnects: number, lastSecond: number): PlannedBlow[] {
  const random = seededRandom(seed);
  // Neighbouring seeds begin alike.
  random();
  const blows: Blow[] = Array.from({ length: disconnects }, () => "disconnect");
  for (const kill of ["kill the gateway", "kill the client"] as const)
    blows.splice(Math.floor(random() * (blows.length + 1)), 0, kill);
  const seconds = blows.map(() => 1 + Math.floor(random() * lastSecond)).sort((a, b) => a - b);
  return blows.map((blow, index) => ({ blow, atSecond: seconds[index] ?? lastSecond }));
}
