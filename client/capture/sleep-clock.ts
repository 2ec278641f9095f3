/**
 * Time that passed, for runtimes whose steady clock stands still while the machine sleeps: `performance.now` does on Linux and
 * macOS. There a jump of the wall clock is either sleep or a clock that was set, and both look the same from inside a page. The
 * room's clock tells them apart (SPEC C10): what it went ahead of the steady one was slept. Until it was asked, the jump is a doubt.
 * Where the runtime knows better (Node: `os.uptime`), its clock is given to the capture as `elapsed`, and there is no doubt.
 */
import { chunkMs } from "../../schemas/wire/audio.ts";
import { wireLimits } from "../../schemas/wire/wire-limits.ts";
import { Pause } from "./pause.ts";

/** Below it the two clocks only drift or are slewed. */
const minSleepMs = 2_000;
/** Beyond it the wall clock was set: a device without a battery boots in 1970. */
const maxSleepMs = wireLimits.maxSeqAhead * chunkMs;
/** An answer that took longer is a poor reference. */
const maxRoundTripMs = 1_000;

/** A jump of the wall clock; for all who read the clock during it the same one. */
export interface Doubt {
  /** What of it was sleep; undefined while nobody knows. */
  readonly sleptMs: number | undefined;
}

export interface ClockSources {
  /** Ms since 1970. */
  readonly wall: () => number;
  /** Ms, of a clock that nobody sets. */
  readonly steady: () => number;
}

const real: ClockSources = { wall: () => Date.now(), steady: () => performance.now() };

export class SleepClock {
  readonly #sources: ClockSources;
  /** Whether the room is of use: a clock that runs on while the machine sleeps needs no witness. */
  readonly needsWitness: boolean;
  #sleptMs = 0;
  #aheadMs: number;
  #doubt: { sleptMs: number | undefined } | undefined;
  #jumpedMs = 0;
  /** The room's clock and the steady one at one moment, before any doubt. */
  #reference: { readonly roomMs: number; readonly steadyMs: number } | undefined;
  readonly #waiting = new Set<Pause>();
  /** A doubt began. */
  onDoubt: () => void = () => undefined;
  /** It ended. */
  onSettled: () => void = () => undefined;

  /** @param elapsed a clock that runs on while the machine sleeps, where there is one, ms. */
  constructor(elapsed?: () => number, sources: ClockSources = real) {
    this.needsWitness = elapsed === undefined;
    this.#sources = elapsed ? { wall: elapsed, steady: elapsed } : sources;
    this.#aheadMs = this.#sources.wall() - this.#sources.steady();
  }

  /** @returns ms. To be read often, since it finds a jump by then. */
  read(): number {
    const now = this.#sources.steady();
    const jumpedMs = this.#sources.wall() - now - this.#aheadMs;
    this.#aheadMs += jumpedMs;
    if (jumpedMs >= minSleepMs && jumpedMs <= maxSleepMs) this.#doubtIn(jumpedMs);
    return now + this.#sleptMs;
  }

  /** Set while it is not known what the time that `read` gives lacks. */
  get doubt(): Doubt | undefined {
    return this.#doubt;
  }

  /** Resolves when there is no doubt, or after `ms`. */
  async whenSettled(ms: number): Promise<void> {
    if (!this.#doubt) return;
    const pause = new Pause(ms);
    this.#waiting.add(pause);
    await pause.over;
    this.#waiting.delete(pause);
  }

  /** @returns the moment of a question to the room. */
  ask(): number {
    return this.#sources.steady();
  }

  /** @param roomMs what the room's clock said. @param askedAt of `ask`. */
  handleRoomTime(roomMs: number, askedAt: number): void {
    const now = this.#sources.steady();
    const roundTripMs = now - askedAt;
    const steadyMs = (askedAt + now) / 2;
    if (this.#doubt && this.#reference) {
      const hiddenMs = roomMs - this.#reference.roomMs - (steadyMs - this.#reference.steadyMs);
      this.#settle(hiddenMs >= (minSleepMs + roundTripMs) / 2 ? Math.min(hiddenMs, maxSleepMs) : 0);
    }
    if (!this.#reference || roundTripMs <= maxRoundTripMs) this.#reference = { roomMs, steadyMs };
  }

  /** Nobody can be asked: sleep is far more common than a clock that is set by more than seconds. */
  assumeSleep(): void {
    if (this.#doubt) this.#settle(this.#jumpedMs);
  }

  #doubtIn(jumpedMs: number): void {
    this.#jumpedMs += jumpedMs;
    if (this.#doubt) return;
    this.#doubt = { sleptMs: undefined };
    this.onDoubt();
  }

  #settle(sleptMs: number): void {
    if (this.#doubt) this.#doubt.sleptMs = sleptMs;
    this.#sleptMs += sleptMs;
    this.#doubt = undefined;
    this.#jumpedMs = 0;
    // The room's clock was last compared before the sleep.
    this.#reference = undefined;
    for (const pause of this.#waiting) pause.cut();
    this.onSettled();
  }
}
