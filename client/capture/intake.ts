/**
 * Samples in, numbered seconds in the outbox out. Knows no room and no socket.
 *
 * Every method is to be called one at a time. A second that finds the outbox full
 * is held here until there is space; while one is held, nothing more is taken (so that is at most the seconds
 * of one block).
 */
import { wireLimits } from "../../schemas/wire/wire-limits.ts";
import { chunkMs, chunkSamples, sampleRateHz } from "../../schemas/wire/audio.ts";
import type { ChannelFault } from "./channel-watch.ts";
import { LiveClock, type LiveStep } from "./live-clock.ts";
import type { Outbox, OutboxEnd, OutboxFrame } from "./outbox.ts";
import type { Doubt } from "./sleep-clock.ts";
import { type Framed, type PcmBlock, PcmFramer, type PcmFormat } from "./pcm-framer.ts";

/** A room takes no second that is further ahead; the one under way is one of them. */
const maxDowntimeMs = (wireLimits.maxSeqAhead - 1) * chunkMs;
const samplesPerMs = sampleRateHz / 1_000;
/** Audio that waits for the room's word on a clock that jumped. */
const maxDoubtfulMs = 10_000;

/** Samples of a live source, and when its clock said that the last one was captured. */
interface LiveBlock {
  readonly samples: PcmBlock;
  readonly endedAt: number;
  /** Of a clock that runs on steadily, ms. */
  readonly arrivedAt: number;
  /** The clock was in doubt: what it turns out to have lacked comes on top. */
  readonly doubt?: Doubt | undefined;
}

function isDoubtful({ doubt }: LiveBlock): boolean {
  return doubt !== undefined && doubt.sleptMs === undefined;
}

/** What waits for its turn at the outbox. */
type Step = { readonly put: OutboxFrame } | { readonly skipTo: number };

export interface IntakeOptions {
  readonly format: PcmFormat;
  readonly outbox: Outbox;
  readonly nextSeq: number;
  /** How far the source came in earlier runs. */
  readonly sourceSeconds: number;
  /** When the last second of an earlier run ended, ms since 1970. A live source went on since then. */
  readonly lastEndedAt: number | undefined;
  readonly live: boolean;
  readonly stallMs: number;
  /** Samples at 16 kHz as the source gave them. @param at the place of the first on the track's timeline, in samples. */
  readonly onSamples?: ((samples: Int16Array, at: number) => void) | undefined;
  /** A second lies in the outbox. */
  readonly onStored: (seq: number) => void;
  readonly onGap: (from: number, to: number) => void;
  readonly onChannelFault: (fault: ChannelFault) => void;
  readonly onFull: () => void;
  readonly onSpace: () => void;
  /** No more audio can wait for the clock's doubt to end, and it must. */
  readonly endDoubt?: () => void;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #outbox: Outbox;
  readonly #framer: PcmFramer;
  readonly #clock: LiveClock<LiveBlock>;
  #nextSeq: number;
  /** In order: the outbox takes numbers that rise. More than one step only while it is full. */
  #held: Step[] = [];
  /** Numbers of the track that are not this source's. */
  #shift: number;
  #isFull = false;
  /** What the framer is given is no sound of the source. */
  #isFillingUp = false;
  /** Blocks of a live source whose time is in doubt, and those behind them. */
  #doubtful: LiveBlock[] = [];
  /** Set until the first block of this run came: what passed since then is a gap. */
  #lastEndedAt: number | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#outbox = options.outbox;
    this.#nextSeq = options.nextSeq;
    this.#lastEndedAt = options.live ? options.lastEndedAt : undefined;
    this.#shift = options.nextSeq - 1 - options.sourceSeconds;
    this.#framer = new PcmFramer(options.format, {
      onChannelFault: options.onChannelFault,
      onSamples: (samples) => this.#show(samples),
    });
    this.#clock = new LiveClock(options.stallMs);
  }

  /** The number that the next whole second gets. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** Seconds of the source that were numbered so far, left out ones included. */
  get sourceSeconds(): number {
    return this.#nextSeq - 1 - this.#shift;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Seconds that wait for space in the outbox. */
  get heldSeconds(): number {
    return this.#held.filter((step) => "put" in step).length;
  }

  /**
   * @param endedAt when the block's last sample was captured, ms since 1970. @param arrivedAt of a clock that runs on steadily, ms.
   * @param doubt that clock may lack time. @returns false where nothing of the block was taken.
   */
  async take(samples: PcmBlock, endedAt: number, arrivedAt: number, doubt?: Doubt): Promise<boolean> {
    if (!(await this.drain())) return false;
    if (this.#options.live) {
      this.#doubtful.push({ samples, endedAt, arrivedAt, doubt });
      if (this.#doubtful.reduce((ms, block) => ms + this.#msOf(block.samples), 0) >= maxDoubtfulMs)
        this.#options.endDoubt?.();
      await this.#takeSettled();
    } else {
      this.#number(this.#framer.push(samples), endedAt);
    }
    await this.drain();
    return true;
  }

  /** Takes what waited for the clock: its doubt has ended. */
  async handleClockSettled(): Promise<void> {
    await this.#takeSettled();
    await this.drain();
  }

  async #takeSettled(): Promise<void> {
    for (let [block] = this.#doubtful; block && !isDoubtful(block); [block] = this.#doubtful) {
      this.#doubtful.shift();
      const { samples, endedAt, arrivedAt, doubt } = block;
      await this.#leaveOutDowntime(endedAt - this.#msOf(samples));
      const steps = this.#clock.handleBlock(block, this.#msOf(samples), arrivedAt + (doubt?.sleptMs ?? 0));
      await this.#takeLive(steps);
    }
  }

  /** Leaves whole seconds out; the second under way ends with silence. */
  async skip(seconds: number, now: number): Promise<void> {
    const begun = this.#framer.cut();
    if (begun) this.#number([begun], now);
    const from = this.#nextSeq;
    this.#nextSeq += seconds;
    // Gaps that wait one behind the other are one.
    const last = this.#held.at(-1);
    if (last && "skipTo" in last) this.#held.pop();
    this.#held.push({ skipTo: this.#nextSeq });
    await this.drain();
    this.#options.onGap(from, this.#nextSeq - 1);
  }

  /**
   * Numbers the rest of the source; `drain` stores it. A live source that had died before is given the seconds until now as a gap.
   * @returns the samples of silence that fill up its last second.
   */
  async flush(now: number, arrivedAt: number): Promise<number> {
    if (this.#options.live) {
      await this.#decide();
      const tailSeconds = Math.floor(this.#clock.tailMs(arrivedAt) / chunkMs);
      if (tailSeconds > 0) await this.skip(tailSeconds, now);
    }
    const rest = this.#framer.flush();
    this.#number(rest, now);
    return rest.at(-1)?.paddingSamples ?? 0;
  }

  /** Numbers and stores what waits for its place to be clear: no more blocks come for now. */
  async settle(): Promise<void> {
    if (this.#options.live) await this.#decide();
    await this.drain();
  }

  /** Puts what is held into the outbox. @returns whether nothing is held any more. */
  async drain(): Promise<boolean> {
    for (let step = this.#held[0]; step; step = this.#held[0]) {
      if ("skipTo" in step) await this.#outbox.skipTo(step.skipTo);
      else if (!(await this.#outbox.put(step.put))) return this.#noteFull();
      this.#held.shift();
      if ("put" in step) this.#options.onStored(step.put.seq);
    }
    if (this.#isFull) {
      this.#isFull = false;
      this.#options.onSpace();
    }
    return true;
  }

  #noteFull(): false {
    if (!this.#isFull) {
      this.#isFull = true;
      this.#options.onFull();
    }
    return false;
  }

  /** All that was never sent gets numbers higher by `by`. @returns where the source's stored end lies now. */
  async renumber(by: number): Promise<OutboxEnd | undefined> {
    const end = await this.#outbox.release(by);
    this.#held = this.#held.map((step) =>
      "put" in step ? { put: { ...step.put, seq: step.put.seq + by } } : { skipTo: step.skipTo + by },
    );
    this.#nextSeq += by;
    this.#shift += by;
    return end;
  }

  #show(samples: Int16Array): void {
    if (!this.#isFillingUp)
      this.#options.onSamples?.(samples, (this.#nextSeq - 1) * chunkSamples + this.#framer.pendingSamples);
  }

  /** @param endedAt when the last sample that the framer has was captured. */
  #number(frames: readonly Framed[], endedAt: number): void {
    const lastEndedAt = endedAt - this.#framer.pendingSamples / samplesPerMs;
    for (const [index, { pcm }] of frames.entries()) {
      const startedAt = lastEndedAt - (frames.length - index) * chunkMs;
      this.#held.push({ put: { seq: this.#nextSeq, timestampMs: Math.max(1, startedAt), pcm } });
      this.#nextSeq += 1;
    }
  }

  /**
   * The meeting went on while no process captured it. Two processes share no clock but the wall's: one that was set back tells
   * nothing, and neither does one that seems a day or more on, as where a device boots in 1970.
   */
  async #leaveOutDowntime(startedAt: number): Promise<void> {
    const downMs = this.#lastEndedAt === undefined ? 0 : startedAt - this.#lastEndedAt;
    this.#lastEndedAt = undefined;
    if (downMs >= this.#options.stallMs && downMs <= maxDowntimeMs) await this.#leaveOut(downMs, startedAt);
  }

  #msOf(samples: PcmBlock): number {
    const { sampleRate, channels } = this.#options.format;
    return (samples.length / channels / sampleRate) * 1_000;
  }

  async #decide(): Promise<void> {
    this.#options.endDoubt?.();
    await this.#takeSettled();
    await this.#takeLive(this.#clock.flush());
  }

  async #takeLive(steps: readonly LiveStep<LiveBlock>[]): Promise<void> {
    for (const [index, step] of steps.entries()) {
      if ("block" in step) {
        this.#number(this.#framer.push(step.block.samples), step.block.endedAt);
        continue;
      }
      const next = steps[index + 1];
      if (next && "block" in next)
        await this.#leaveOut(step.gapMs, next.block.endedAt - this.#msOf(next.block.samples));
    }
  }

  /** Time without samples: silence up to the second's end, whole seconds left out, silence for the rest. @param until when it ended. */
  async #leaveOut(gapMs: number, until: number): Promise<void> {
    const { sampleRate, channels } = this.#options.format;
    const pending = this.#framer.pendingSamples;
    const leftMs = gapMs - (pending === 0 ? 0 : (chunkSamples - pending) / samplesPerMs);
    const seconds = Math.floor(leftMs / chunkMs);
    const silenceMs = seconds < 1 ? gapMs : leftMs - seconds * chunkMs;
    if (seconds >= 1) await this.skip(seconds, until - leftMs);
    const silence = new Int16Array(Math.round((silenceMs * sampleRate) / 1_000) * channels);
    this.#isFillingUp = true;
    this.#number(this.#framer.push(silence), until);
    this.#isFillingUp = false;
  }
}
