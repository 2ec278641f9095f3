/** Randomness that can be had again: `ROOMTONE_SEED=… npm test`. */

export const seed = process.env["ROOMTONE_SEED"]
  ? Number(process.env["ROOMTONE_SEED"])
  : Math.trunc(Math.random() * 2 ** 31);

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
