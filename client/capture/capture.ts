/**
 * A capture: PCM in, a meeting's track kept by the room out. Intake turns samples into seconds in the outbox,
 * Delivery brings them to the room; this is what a program holds of both.
 *
 * What it promises: a second that `write` took is in the outbox until the room keeps it; nothing is dropped
 * silently; after a crash, a new capture over the same outbox continues where the old one stopped.
 */
import { SerialQueue } from "../../schemas/lib/serial-queue.ts";
import { wireLimits } from "../../schemas/wire/wire-limits.ts";
import {
  type CaptureEnd,
  type CaptureEvents,
  CaptureFailedError,
  type CaptureOptions,
  defaultTimes,
  originOf,
  ownerOf,
  trackEndedFailure,
} from "./capture-types.ts";
import { checkOptions } from "./check-options.ts";
import { deferred } from "./deferred.ts";
import { Delivery } from "./delivery.ts";
import { Emitter } from "./emitter.ts";
import { Intake } from "./intake.ts";
import { createMemoryOutbox } from "./memory-outbox.ts";
import type { OutboxContents } from "./outbox.ts";
import { RetryingOutbox } from "./outbox-retry.ts";
import { OverflowOutbox } from "./overflow-outbox.ts";
import { LiveOutlet } from "../live/live-outlet.ts";
import { Pause } from "./pause.ts";
import { type PcmBlock, pcmBlockOf } from "./pcm-block.ts";
import { SleepClock } from "./sleep-clock.ts";

/** Audio that may wait for a slow outbox before `write` refuses. */
const maxQueuedMs = 30_000;
const lookForSpaceMs = 1_000;
/** The highest instant of ECMAScript's Date: no room takes a later one. */
const maxTimestampMs = 8.64e15;
/** For the room to say what a jump of the wall clock was, before the track ends. */
const doubtMs = 3_000;

/** Starts a capture, or continues the one that the outbox holds. Throws where a name or the format is wrong. */
export async function startCapture(options: CaptureOptions): Promise<Capture> {
  checkOptions(options);
  const outbox = options.outbox ?? createMemoryOutbox();
  const { outboxGiveUpMs } = { ...defaultTimes, ...options.times };
  const patient = new RetryingOutbox(outbox, { giveUpAfterMs: outboxGiveUpMs, random: options.random ?? Math.random });
  await patient.bind(ownerOf(options), originOf(options));
  const contents = await patient.load();
  // A source that can be read again waits for its store; a live one goes on.
  const { maxUnsavedSeconds: maxSeconds = 600 } = options;
  if (!options.live || options.outbox === undefined || maxSeconds === 0) return new Capture(options, patient, contents);
  const overflow = new OverflowOutbox(outbox, contents, { maxSeconds, random: options.random ?? Math.random });
  return new Capture(options, overflow, contents);
}

export class Capture extends Emitter<CaptureEvents> {
  /** What those hear who listen to the meeting now: live audio, which passes by the outbox. */
  readonly live = new LiveOutlet((isHeard) => this.emit("listeners", { isHeard }));
  readonly #options: CaptureOptions;
  readonly #outbox: RetryingOutbox | OverflowOutbox;
  readonly #intake: Intake;
  readonly #delivery: Delivery;
  readonly #now: () => number;
  readonly #clock: SleepClock;
  readonly #stallMs: number;
  /** All that touches the outbox, in order. */
  readonly #work: SerialQueue;
  #queuedMs = 0;
  #stallTimer: ReturnType<typeof setTimeout> | undefined;
  #isSourceOver: boolean;
  #over: { readonly end: CaptureEnd } | { readonly failure: CaptureFailedError } | undefined;
  readonly #outcome = deferred<CaptureEnd>();

  /** @internal Use `startCapture`. */
  constructor(options: CaptureOptions, outbox: RetryingOutbox | OverflowOutbox, left: OutboxContents) {
    super();
    this.#options = options;
    this.#outbox = outbox;
    this.#now = options.now ?? Date.now;
    this.#clock = new SleepClock(options.elapsed);
    this.#stallMs = options.times?.stallMs ?? defaultTimes.stallMs;
    this.#isSourceOver = left.end !== undefined;
    // Who doesn't call `end` learns of a failure by the event.
    this.#outcome.promise.catch(() => undefined);
    outbox.onRetrying = (retry) => this.emit("outboxRetrying", retry);
    outbox.onRecovered = () => this.emit("outboxRecovered", {});
    if (outbox instanceof OverflowOutbox) outbox.onUnsaved = (seconds) => this.emit("unsaved", { seconds });
    // An outbox that failed for good can't be relied on: the capture is over.
    this.#work = new SerialQueue({
      onFailure: (cause) =>
        this.#fail(new CaptureFailedError("outbox", `The outbox failed: ${String(cause)}`, { cause })),
    });
    const intake = new Intake({
      format: options.format,
      outbox,
      nextSeq: left.nextSeq,
      sourceSeconds: left.sourceSeconds,
      lastEndedAt: left.lastEndedAt,
      live: options.live ?? false,
      stallMs: this.#stallMs,
      onSamples: (options.liveAudio ?? options.live) ? (samples, at) => this.live.take(samples, at) : undefined,
      onStored: (seq) => this.#delivery.handleStored(seq),
      onGap: (from, to) => {
        this.#delivery.declareGap({ from, to, cause: "capture_stall" });
        this.emit("gap", { from, to });
      },
      onChannelFault: (fault) => this.emit("channels", fault),
      onFull: () => this.emit("full", { seconds: this.lagSeconds }),
      onSpace: () => this.emit("space", { seconds: this.lagSeconds }),
      endDoubt: () => this.#clock.assumeSleep(),
    });
    this.#intake = intake;
    this.#clock.onSettled = () => this.#work.runInBackground(() => intake.handleClockSettled());
    this.#delivery = new Delivery({
      capture: options,
      outbox,
      clock: this.#clock,
      live: this.live,
      left,
      work: this.#work,
      emit: (type, event) => this.emit(type, event),
      onLag: () => this.emit("lag", { seconds: this.lagSeconds }),
      nextSeq: () => intake.nextSeq,
      renumber: (by) => intake.renumber(by),
      onSpace: () => intake.drain(),
      onEnded: (end) => this.#finish(end),
      onFailed: (failure) => this.#fail(failure),
    });
  }

  /** The number that the next whole second gets. Others may follow until it is sent: see `renumbered`. */
  get nextSeq(): number {
    return this.#intake.nextSeq;
  }

  /**
   * How far the source came, over all runs with this outbox: seconds captured and left out. A source that can be read
   * again goes on there.
   */
  get sourceSeconds(): number {
    return this.#intake.sourceSeconds;
  }

  /** Seconds captured and not known to be kept. */
  get lagSeconds(): number {
    return this.#delivery.lagSeconds + this.#intake.heldSeconds;
  }

  /** Whether `end` was called, in this run or in the one that left the outbox: nothing more can be written. */
  get isSourceOver(): boolean {
    return this.#isSourceOver;
  }

  /**
   * Takes samples (Int16Array or Float32Array; a TypeError for anything else, and the capture goes on); resolves with true when the
   * seconds that they complete are in the outbox. Of a live source, what may be the first of a burst behind a pause waits in memory
   * until the next block, ten seconds at most; `close` and `end` store it.
   *
   * False: nothing of this block was taken, because the outbox is full (`full` was told). Offer the same
   * samples again after `whenSpace()`, or drop them; a live source's dropped time becomes a gap. The block that
   * fills the outbox is still taken, and the seconds that did not fit wait in memory for space.
   *
   * @param endedAt when the last sample was captured, ms since 1970: noted with the second. Whether a live source paused is told by
   *   when its blocks are written.
   */
  async write(samples: PcmBlock, endedAt = this.#now()): Promise<boolean> {
    const block = pcmBlockOf(samples);
    if (!(endedAt <= maxTimestampMs)) throw new TypeError(`endedAt is ms since 1970, not ${endedAt}`);
    this.#throwIfOver();
    if (this.#isSourceOver) throw trackEndedFailure();
    // Nothing is no sign of life of a live source.
    if (block.length === 0) return true;
    if (this.#options.live) this.#watchForStall();
    if (this.#queuedMs > maxQueuedMs) return false;
    const arrivedAt = this.#clock.read();
    const { doubt } = this.#clock;
    // The caller may use its buffer again before it is this block's turn.
    const copy = block.slice();
    const blockMs = (block.length / this.#options.format.channels / this.#options.format.sampleRate) * 1_000;
    this.#queuedMs += blockMs;
    try {
      return await this.#work.run(() => this.#intake.take(copy, endedAt, arrivedAt, doubt));
    } finally {
      this.#queuedMs -= blockMs;
    }
  }

  /** Resolves when `write` takes samples again. Rejects when the capture failed before. */
  async whenSpace(): Promise<void> {
    // One listener for however long it takes.
    let look: Pause | undefined;
    const offs = (["space", "failed"] as const).map((type) => this.on(type, () => look?.cut()));
    try {
      for (;;) {
        this.#throwIfOver();
        await this.#work.idle();
        if (!this.#intake.isFull) return;
        // A disk also gets space by what others remove from it.
        look = new Pause(lookForSpaceMs);
        await look.over;
        await this.#work.run(() => this.#intake.drain());
      }
    } finally {
      for (const off of offs) off();
    }
  }

  /** Leaves whole seconds out of the timeline, a day at most: the source had nothing for so long. */
  async skip(seconds: number): Promise<void> {
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > wireLimits.maxSeqAhead)
      throw new RangeError(`skip takes whole seconds, 1 to ${wireLimits.maxSeqAhead}`);
    this.#throwIfOver();
    await this.#work.run(() => this.#intake.skip(seconds, this.#now()));
  }

  /** Ends the track: the last second is filled up with silence. Resolves when the room has told what it keeps. */
  async end(): Promise<CaptureEnd> {
    if (this.#isSourceOver) return this.#outcome.promise;
    this.#throwIfOver();
    this.#isSourceOver = true;
    clearTimeout(this.#stallTimer);
    const endedAt = this.#clock.read();
    const { doubt } = this.#clock;
    await this.#clock.whenSettled(doubtMs);
    await this.#work.run(async () => {
      const paddingSamples = await this.#intake.flush(this.#now(), endedAt + (doubt?.sleptMs ?? 0));
      // Before the last seconds: whoever finds them after a crash must know of the silence in them.
      await this.#delivery.storeEnd({ lastSeq: this.nextSeq - 1, paddingSamples });
      await this.#intake.drain();
    });
    await this.whenSpace();
    await this.#work.run(async () => this.#delivery.announceEnd());
    return this.#outcome.promise;
  }

  /** Resolves when the capture has ended, rejects with CaptureFailedError when it failed. */
  outcome(): Promise<CaptureEnd> {
    return this.#outcome.promise;
  }

  /** The network is back, or the machine woke up: don't wait for the next attempt. Browsers' `online` does it too. */
  reconnect(): void {
    if (!this.#over) this.#delivery.reconnect();
  }

  /** Lets go of connection and outbox. What is in the outbox stays for the next capture. */
  async close(): Promise<void> {
    // A failed outbox is told by `failed`, and has nothing to take any more.
    if (!this.#over) await this.#work.run(() => this.#intake.settle()).catch(() => undefined);
    if (!this.#over) {
      this.#over = { failure: new CaptureFailedError("closed", "The capture was closed before its end.") };
      this.#outcome.reject(this.#over.failure);
    }
    this.#stop();
    await this.#work.idle();
    await this.#outbox.close();
  }

  #watchForStall(): void {
    clearTimeout(this.#stallTimer);
    this.#stallTimer = setTimeout(() => this.emit("stalled", { ms: this.#stallMs }), this.#stallMs);
  }

  #finish(end: CaptureEnd): void {
    this.#over = { end };
    this.#stop();
    this.#outcome.resolve(end);
    this.emit("ended", end);
  }

  #fail(failure: CaptureFailedError): void {
    if (this.#over) return;
    this.#over = { failure };
    this.#stop();
    this.#outcome.reject(failure);
    this.emit("failed", { code: failure.code, detail: failure.message });
  }

  #stop(): void {
    clearTimeout(this.#stallTimer);
    this.#delivery.stop();
    this.#outbox.stop();
  }

  #throwIfOver(): void {
    if (!this.#over) return;
    throw "failure" in this.#over ? this.#over.failure : new CaptureFailedError("ended", "The capture has ended.");
  }
}
