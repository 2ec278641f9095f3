/**
 * One schedule: what the capture clients of one session do, and what is done to them. Decided by the seed alone,
 * before anything runs: no answer and no timing changes a decision, so the same seed plays the same steps. Pure.
 */
import { type Random, seededRandom } from "../../../client/testkit/fault-plan.ts";
import { type BadKind, badKinds } from "./bad-chunks.ts";
import { resolveModes } from "./chaos-inference.ts";
import type { ResolveAsk } from "./chaos-resolves.ts";

/** Seconds differ by variant as well: 0 is the true audio, 1 a conflict, 2 must never be kept. */
export const variants = { truth: 0, conflict: 1, forbidden: 2 } as const;
export type Variant = (typeof variants)[keyof typeof variants];

/** What one frame asks of the room. */
export type Ask =
  | { readonly kind: "chunk"; readonly seq: number; readonly variant: Variant }
  | { readonly kind: "bad"; readonly bad: BadKind; readonly seq: number }
  | { readonly kind: "end"; readonly lastSeq: number; readonly padding: number }
  | { readonly kind: "hello" | "status" | "ping" };

export type Step =
  /** Frames on the track's newest connection; `settle` reads all answers before the next step. */
  | { readonly do: "send"; readonly track: string; readonly asks: readonly Ask[]; readonly settle: boolean }
  /** A new connection, which wins the track from the one that may still be open. */
  | { readonly do: "connect"; readonly track: string; readonly encoding: "json" | "msgpack"; readonly hello: boolean }
  /** On the connection that lost the track: must be dropped. */
  | { readonly do: "send_stale"; readonly track: string; readonly asks: readonly Ask[] }
  /** Frames, then the end of the TCP connection without a close frame; `half` cuts one more frame in its middle. */
  | { readonly do: "drop"; readonly track: string; readonly asks: readonly Ask[]; readonly half: number | undefined }
  | { readonly do: "state" }
  | { readonly do: "r2"; readonly isDown: boolean }
  /** Asks for who is speaking; `settle` waits for the answers. */
  | { readonly do: "resolve"; readonly asks: readonly ResolveAsk[]; readonly settle: boolean }
  /** Nobody says anything for so long that the room leaves memory, with its connections open. */
  | { readonly do: "idle" }
  /** Frames on every track, the end of the gateway (`settle`: on the heels of the last ack), and its restart. */
  | {
      readonly do: "restart";
      readonly how: RestartKind;
      readonly asks: Readonly<Record<string, readonly Ask[]>>;
      readonly settle: boolean;
    }
  /** A capture client in a process of its own begins to stream a track; `kill -9` of it, and its restart. */
  | { readonly do: "capture"; readonly track: string; readonly seconds: number }
  | { readonly do: "capture_kill" }
  /** Frames before and after the request is under way. */
  | {
      readonly do: "finalize";
      readonly before: Readonly<Record<string, readonly Ask[]>>;
      readonly after: Readonly<Record<string, readonly Ask[]>>;
      readonly expect: Readonly<Record<string, number>>;
      /** Wait until R2 has everything first, to see that it gets there by itself. */
      readonly drainFirst: boolean;
      /** Wait for the capture to end first; else its process is in the middle of it. */
      readonly captureFirst: boolean;
    };

/** `kill -9` of everything, `kill -9` of the workerd that runs the rooms, or SIGTERM, as a deploy does it. */
export const restartKinds = ["kill", "kill", "kill", "rooms", "deploy"] as const;
export type RestartKind = (typeof restartKinds)[number];

export interface Plan {
  readonly seed: number;
  readonly tracks: readonly string[];
  readonly steps: readonly Step[];
}

const trackNames = ["mixed", "mic", "teacher"];
const captureTrack = "desk";
const maxPaddingSamples = 15_999;

/** What a track's client has done so far. */
interface Sender {
  readonly track: string;
  readonly sent: number[];
  readonly skipped: number[];
  next: number;
}

export function planSchedule(seed: number): Plan {
  const random = mixed(seed);
  const planner = new Planner(random);
  return { seed, tracks: planner.tracks, steps: planner.plan() };
}

/** Neighbouring seeds begin alike, so the seed is spread first. */
function mixed(seed: number): Random {
  const random = seededRandom(Math.imul(seed, 0x9e37_79b1));
  random();
  return random;
}

class Planner {
  readonly #random: Random;
  readonly #senders: readonly Sender[];
  readonly #steps: Step[] = [];
  #resolves = 0;
  #hasCapture = false;

  constructor(random: Random) {
    this.#random = random;
    this.#senders = trackNames
      .slice(0, 1 + this.#below(trackNames.length))
      .map((track) => ({ track, sent: [], skipped: [], next: 1 }));
  }

  get tracks(): string[] {
    return this.#senders.map(({ track }) => track);
  }

  plan(): Step[] {
    for (const { track } of this.#senders) this.#connect(track);
    const count = 15 + this.#below(25);
    const restartAt = this.#chance(1 / 7) ? this.#below(count) : -1;
    const idleAt = this.#chance(1 / 25) ? this.#below(count) : -1;
    const captureAt = this.#chance(1 / 5) ? this.#below(count) : -1;
    const outageFrom = this.#chance(1 / 4) ? this.#below(count) : -1;
    // Some outages last until finalize has been asked for.
    const outageTo = this.#chance(1 / 2) ? outageFrom + 1 + this.#below(8) : count;
    for (let at = 0; at < count; at += 1) {
      if (at === outageFrom) this.#steps.push({ do: "r2", isDown: true });
      if (outageFrom >= 0 && at === outageTo) this.#steps.push({ do: "r2", isDown: false });
      if (at === captureAt) this.#capture();
      if (at === restartAt) this.#restart();
      if (at === idleAt) this.#steps.push({ do: "idle" });
      this.#step(this.#pick(this.#senders));
    }
    this.#finalize(outageFrom >= 0 && outageTo >= count);
    return this.#steps;
  }

  #step(sender: Sender): void {
    const { track } = sender;
    const settle = this.#chance(0.6);
    const send = (...asks: Ask[]): void => {
      this.#steps.push({ do: "send", track, asks, settle });
    };
    const roll = this.#random();
    if (roll < 0.3) return send(...this.#news(sender, 1 + this.#below(6)));
    if (roll < 0.4) return send(...this.#mixture(sender, 2 + this.#below(6)));
    if (roll < 0.46) return this.#resolve(settle);
    if (roll < 0.52) return send(this.#resend(sender, variants.truth), this.#resend(sender, variants.truth));
    if (roll < 0.58) return send(this.#resend(sender, variants.conflict));
    if (roll < 0.65) return send(this.#bad(sender));
    if (roll < 0.7) return send({ kind: "end", ...this.#end(sender) });
    if (roll < 0.76) return send({ kind: this.#pick(["hello", "status", "ping"] as const) });
    if (roll < 0.82) return void this.#steps.push({ do: this.#hasCapture && settle ? "capture_kill" : "state" });
    if (roll < 0.93) return this.#drop(sender);
    // It must say something to take the track.
    this.#connect(track, true);
    // Not counted as sent: the room must drop it, and a later send of the same seq would find a conflict.
    const stale: Ask = { kind: "chunk", seq: sender.next, variant: variants.forbidden };
    this.#steps.push({ do: "send_stale", track, asks: [stale, this.#resend(sender, variants.conflict)] });
  }

  #connect(track: string, mustTake = false): void {
    const encoding = this.#chance(0.5) ? "json" : "msgpack";
    this.#steps.push({ do: "connect", track, encoding, hello: this.#chance(0.6) || mustTake });
  }

  #drop(sender: Sender): void {
    const { track } = sender;
    const asks = this.#mixture(sender, this.#below(6));
    const half = this.#chance(0.4) ? sender.next : undefined;
    this.#steps.push({ do: "drop", track, asks, half });
    if (this.#chance(0.5)) this.#step(this.#pick(this.#senders));
    this.#connect(track);
  }

  #resolve(settle: boolean): void {
    const asks = Array.from({ length: 1 + this.#below(4) }, (): ResolveAsk => {
      const mode = this.#chance(0.6) ? "well" : this.#pick(resolveModes);
      // A key of an earlier step: a client that heard nothing asks again.
      const key = this.#chance(0.2) ? this.#below(this.#resolves + 1) : (this.#resolves += 1);
      return { mode, key };
    });
    this.#steps.push({ do: "resolve", asks, settle });
  }

  #capture(): void {
    this.#hasCapture = true;
    this.#steps.push({ do: "capture", track: captureTrack, seconds: 20 + this.#below(60) });
  }

  #restart(): void {
    const how = this.#pick(restartKinds);
    this.#steps.push({ do: "restart", how, asks: this.#everywhere(8), settle: this.#chance(0.5) });
    for (const { track } of this.#senders) this.#connect(track);
  }

  #finalize(duringOutage: boolean): void {
    const drainFirst = !duringOutage && this.#chance(0.4);
    const before = drainFirst ? {} : this.#everywhere(8);
    const after = this.#everywhere(4);
    const expect = this.#senders
      .filter(() => this.#chance(0.4))
      .map(({ track, next }): [string, number] => [track, next + 20 + this.#below(5)]);
    const captureFirst = this.#chance(0.7);
    this.#steps.push({ do: "finalize", before, after, expect: Object.fromEntries(expect), drainFirst, captureFirst });
  }

  #everywhere(most: number): Record<string, Ask[]> {
    return Object.fromEntries(
      this.#senders.map((sender) => [sender.track, this.#mixture(sender, this.#below(most + 1))]),
    );
  }

  /** Next seconds, some skipped, sometimes out of order. */
  #news(sender: Sender, count: number): Ask[] {
    const asks = Array.from({ length: count }, () => this.#next(sender));
    return this.#chance(0.3) ? this.#shuffle(asks) : asks;
  }

  /** Of everything that one connection can carry. */
  #mixture(sender: Sender, count: number): Ask[] {
    return Array.from({ length: count }, () => {
      const roll = this.#random();
      if (roll < 0.55) return this.#next(sender);
      if (roll < 0.7) return this.#fill(sender);
      if (roll < 0.82) return this.#resend(sender, variants.truth);
      if (roll < 0.88) return this.#resend(sender, variants.conflict);
      return roll < 0.95 ? this.#bad(sender) : { kind: "status" };
    });
  }

  #next(sender: Sender): Ask {
    if (this.#chance(0.12)) {
      const skips = 1 + this.#below(3);
      for (let i = 0; i < skips; i += 1) sender.skipped.push(sender.next++);
    }
    const seq = sender.next++;
    sender.sent.push(seq);
    return { kind: "chunk", seq, variant: variants.truth };
  }

  #fill(sender: Sender): Ask {
    const [seq] = sender.skipped.splice(this.#below(sender.skipped.length), 1);
    if (seq === undefined) return this.#next(sender);
    sender.sent.push(seq);
    return { kind: "chunk", seq, variant: variants.truth };
  }

  #resend(sender: Sender, variant: Variant): Ask {
    return sender.sent.length === 0 ? this.#next(sender) : { kind: "chunk", seq: this.#pick(sender.sent), variant };
  }

  #bad(sender: Sender): Ask {
    return { kind: "bad", bad: this.#pick(badKinds), seq: sender.next };
  }

  /** Mostly at or beyond the last second; sometimes below, which the room must refuse. */
  #end(sender: Sender): { lastSeq: number; padding: number } {
    const lastSeq = Math.max(0, sender.next - 1 + this.#below(5) - 1);
    return { lastSeq, padding: this.#chance(0.5) ? this.#below(maxPaddingSamples + 1) : 0 };
  }

  #shuffle<T>(items: readonly T[]): T[] {
    const left = [...items];
    return items.flatMap(() => left.splice(this.#below(left.length), 1));
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[this.#below(items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }
}
