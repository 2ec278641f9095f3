/**
 * Samples in, numbered seconds in the outbox out. Knows no room and no socket.
 *
 * Every method but `nextSeq` and `markSent` is to be called one at a time. A second that finds the outbox full
 * is held here until there is space; while one is held, nothing more is taken (so that is at most the seconds
 * of one block).
 */
import { chunkMs, chunkSamples, sampleRateHz } from "../../schemas/audio.ts";
import { LiveClock } from "./live-clock.ts";
import type { Outbox, OutboxFrame } from "./outbox.ts";
import { type Framed, type PcmBlock, PcmFramer, type PcmFormat } from "./pcm-framer.ts";
import { SeqSet } from "./seq-set.ts";

const samplesPerMs = sampleRateHz / 1_000;

/** What waits for its turn at the outbox. */
type Step = { readonly put: OutboxFrame } | { readonly skipTo: number };

export interface IntakeOptions {
  readonly format: PcmFormat;
  readonly outbox: Outbox;
  readonly nextSeq: number;
  readonly live: boolean;
  readonly stallMs: number;
  /** A second lies in the outbox. */
  readonly onStored: (seq: number) => void;
  readonly onGap: (from: number, to: number) => void;
  readonly onFull: () => void;
  readonly onSpace: () => void;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #outbox: Outbox;
  readonly #framer: PcmFramer;
  readonly #clock: LiveClock;
  #nextSeq: number;
  /** In order: the outbox takes numbers that rise. More than one step only while it is full. */
  #held: Step[] = [];
  /** The lowest number that the outbox still takes. */
  #outboxNext: number;
  #isFull = false;
  /** In the outbox, and never sent: no room can have them. */
  readonly #neverSent = new SeqSet();

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#outbox = options.outbox;
    this.#nextSeq = this.#outboxNext = options.nextSeq;
    this.#framer = new PcmFramer(options.format);
    this.#clock = new LiveClock(options.stallMs);
  }

  /** The number that the next whole second gets. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Seconds that wait for space in the outbox. */
  get heldSeconds(): number {
    return this.#held.filter((step) => "put" in step).length;
  }

  /** @param endedAt when the block's last sample was captured. @returns false where nothing of it was taken. */
  async take(block: PcmBlock, endedAt: number): Promise<boolean> {
    if (!(await this.drain())) return false;
    if (this.#options.live) await this.#fillStall(block, endedAt);
    this.#number(this.#framer.push(block), endedAt);
    await this.drain();
    return true;
  }

  /** Leaves whole seconds out; the second under way ends with silence. */
  async skip(seconds: number, now: number): Promise<void> {
    const begun = this.#framer.cut();
    if (begun) this.#number([begun], now);
    const from = this.#nextSeq;
    this.#nextSeq += seconds;
    this.#held.push({ skipTo: this.#nextSeq });
    await this.drain();
    this.#options.onGap(from, this.#nextSeq - 1);
  }

  /** Numbers the rest of the source. @returns the samples of silence that fill up its last second. */
  async flush(now: number): Promise<number> {
    const rest = this.#framer.flush();
    this.#number(rest, now);
    await this.drain();
    return rest.at(-1)?.paddingSamples ?? 0;
  }

  /** Puts what is held into the outbox. @returns whether nothing is held any more. */
  async drain(): Promise<boolean> {
    for (let step = this.#held[0]; step; step = this.#held[0]) {
      if ("skipTo" in step) await this.#outbox.skipTo(step.skipTo);
      else if (!(await this.#outbox.put(step.put))) return this.#noteFull();
      this.#outboxNext = "skipTo" in step ? step.skipTo : step.put.seq + 1;
      this.#held.shift();
      if ("skipTo" in step) continue;
      this.#neverSent.add(step.put.seq);
      this.#options.onStored(step.put.seq);
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

  markSent(seq: number): void {
    this.#neverSent.delete(seq);
  }

  /**
   * Numbers below `next` are the track's already. Seconds that were given such a number and never sent are
   * others than the room's, and move up, gaps between them included: to numbers that this outbox never used.
   * @returns what moved, in order, and by how much.
   */
  async makeWay(next: number): Promise<{ readonly moved: readonly number[]; readonly by: number }> {
    const firstHeld = this.#held.find((step) => "put" in step);
    const first = this.#neverSent.first ?? firstHeld?.put.seq;
    const isTaken = first !== undefined && first < next;
    const by = isTaken ? Math.max(next, this.#outboxNext) - first : 0;
    const moved = isTaken ? [...this.#neverSent] : [];
    for (const seq of moved) await this.#move(seq, seq + by);
    this.#held = this.#held.map((step) =>
      "put" in step ? { put: { ...step.put, seq: step.put.seq + by } } : { skipTo: step.skipTo + by },
    );
    this.#nextSeq = Math.max(this.#nextSeq + by, next);
    // While seconds are held, theirs are the next numbers.
    if (this.#held.length === 0) {
      await this.#outbox.skipTo(this.#nextSeq);
      this.#outboxNext = Math.max(this.#outboxNext, this.#nextSeq);
    }
    return { moved, by };
  }

  async #move(from: number, to: number): Promise<void> {
    const frame = await this.#outbox.read(from);
    if (!frame) throw new Error(`second ${from} is not in the outbox`);
    const isCopied = await this.#outbox.put({ ...frame, seq: to });
    await this.#outbox.remove([from]);
    if (!isCopied && !(await this.#outbox.put({ ...frame, seq: to }))) throw new Error(`no space to move ${from}`);
    this.#outboxNext = to + 1;
    this.#neverSent.delete(from);
    this.#neverSent.add(to);
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

  /** Time without samples: silence up to the second's end, whole seconds left out, silence for the rest. */
  async #fillStall(block: PcmBlock, endedAt: number): Promise<void> {
    const { sampleRate, channels } = this.#options.format;
    const blockMs = (block.length / channels / sampleRate) * 1_000;
    const lateMs = this.#clock.handleBlock(blockMs, endedAt);
    if (lateMs === 0) return;
    const pending = this.#framer.pendingSamples;
    const leftMs = lateMs - (pending === 0 ? 0 : (chunkSamples - pending) / samplesPerMs);
    const seconds = Math.floor(leftMs / chunkMs);
    const silenceMs = seconds < 1 ? lateMs : leftMs - seconds * chunkMs;
    const startedAt = endedAt - blockMs;
    if (seconds >= 1) await this.skip(seconds, startedAt - leftMs);
    const silence = new Int16Array(Math.round((silenceMs * sampleRate) / 1_000) * channels);
    this.#number(this.#framer.push(silence), startedAt);
  }
}
