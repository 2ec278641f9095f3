/**
 * Which fault strikes which message: decided by seed, connection and direction alone, never by timing, so that
 * the same seed strikes the same messages of the same connections. Pure.
 */

/** What can happen to one message. Of several the rates allow, at most one does. */
export const faultKinds = ["drop", "cut", "delay", "duplicate", "reorder", "lose", "half_open", "stall"] as const;
export type FaultKind = (typeof faultKinds)[number];

export const faultMeanings: Record<FaultKind, string> = {
  drop: "end the connection without a close frame instead of forwarding",
  cut: "forward half of the message's frame, then end the TCP connection",
  delay: "hold the message, and all behind it, for a while",
  duplicate: "client to room: forward it twice",
  reorder: "client to room: forward it after the next one",
  lose: "room to client: swallow it (an ack, mostly)",
  half_open: "stop forwarding in both directions, TCP stays open",
  stall: "stop reading from the sender for a while",
};

/** Share of messages, 0–1, that each fault strikes. Their sum is at most 1. */
export type FaultRates = Readonly<Partial<Record<FaultKind, number>>>;

export type Direction = "to_room" | "to_client";

/** Faults that make sense in one direction only. */
const onlyIn: Readonly<Partial<Record<FaultKind, Direction>>> = {
  duplicate: "to_room",
  reorder: "to_room",
  lose: "to_client",
};

export type Random = () => number;

/** mulberry32. @returns numbers in 0…1, the same for the same seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The numbers for one direction of one connection. @param connection counted from 1. */
export function connectionRandom(seed: number, connection: number, direction: Direction): Random {
  const mixed =
    Math.imul(seed, 0x9e37_79b1) ^ Math.imul(connection * 2 + (direction === "to_room" ? 0 : 1), 0x85eb_ca6b);
  const random = seededRandom(mixed);
  // Neighbouring seeds begin alike.
  random();
  return random;
}

/** Draws one number a message, whatever the rates are. @returns undefined where the message goes through. */
export function planFault(rates: FaultRates, direction: Direction, random: Random): FaultKind | undefined {
  let left = random();
  for (const kind of faultKinds) {
    const rate = rates[kind] ?? 0;
    if (left < rate) return (onlyIn[kind] ?? direction) === direction ? kind : undefined;
    left -= rate;
  }
  return undefined;
}

/** @throws RangeError naming what is wrong. */
export function checkRates(rates: FaultRates): void {
  let sum = 0;
  for (const kind of faultKinds) {
    const rate = rates[kind] ?? 0;
    if (!(rate >= 0 && rate <= 1)) throw new RangeError(`the rate of ${kind} must be from 0 to 1, not ${rate}`);
    sum += rate;
  }
  if (sum > 1) throw new RangeError(`the rates add up to ${sum}; at most 1 is possible`);
}
