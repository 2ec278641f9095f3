/** Randomness that can be had again: a run of the tests has one seed (`test/support/run-seed.ts`). */
import { inject } from "vitest";
import type { RunSettings } from "../../support/run-seed.ts";

export const seed: RunSettings["seed"] = inject("seed");

/** mulberry32. @returns whole numbers from 0 to below `below`. */
export function randomFrom(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

export function randomBytes(random: (below: number) => number, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => random(256));
}
