/**
 * An outbox of a live source, which can't wait for its store: seconds that the store does not take (its disk is full, or it
 * fails for now) are kept in memory, ten minutes of them, and go to the room from there (SPEC O5).
 *
 * What the store is behind in is put down in order and made up for as soon as it works again; until then nobody but this
 * process has those seconds, which `onUnsaved` tells. Where a step must be on disk before anything may be sent (numbers were
 * held back by it, or are to change in it), it is refused with OutboxUnavailableError, and nothing has happened.
 */
import { type Backoff, backoffMs } from "../../schemas/lib/backoff.ts";
import {
  checkedFrame,
  type Outbox,
  type OutboxContents,
  OutboxDamagedError,
  type OutboxEnd,
  type OutboxFrame,
  type OutboxOrigin,
  OutboxUnavailableError,
} from "./outbox.ts";
import type { OutboxRetrying } from "./outbox-retry.ts";
import { applyStep, type OutboxStep } from "./outbox-step.ts";

const backoff: Backoff = { firstMs: 200, maxMs: 5_000, least: "half" };

/** More than a room lets be on their way. */
const maxRecent = 64;

export interface OverflowOptions {
  /** Seconds that memory may hold, 32 kB each. */
  readonly maxSeconds: number;
  readonly random: () => number;
  /** Ms of a clock that runs on. */
  readonly elapsed?: () => number;
}

export class OverflowOutbox implements Outbox {
  readonly #store: Outbox;
  readonly #options: OverflowOptions;
  /** What the store lacks, in order. Seconds that left memory meanwhile are passed over by `skip`. */
  #steps: OutboxStep[] = [];
  /** Seconds that only memory has, by number. */
  readonly #unsaved = new Map<number, OutboxFrame>();
  /** Of those that the store has, the last ones: on their way when it broke, they are wanted again. */
  readonly #recent = new Map<number, OutboxFrame>();
  /** No second from this number on was sent before the next release. */
  #heldFrom: number;
  /** As it is after `bind`. */
  #isHeldOnDisk = true;
  /** Set when the browser threw the store away, as a full disk makes it do: what memory has goes on without it. */
  #damage: OutboxDamagedError | undefined;
  #end: OutboxEnd | undefined;
  #attempt = 0;
  #nextAttemptAt = 0;
  /** It failed when it was last asked, which is more than that it is full. */
  #isFailing = false;
  #isStopped = false;
  #isClosed = false;
  onRetrying: (retry: OutboxRetrying) => void = () => undefined;
  /** The store lacks nothing any more. */
  onRecovered: () => void = () => undefined;
  /** Told with each change of how many seconds only memory has. */
  onUnsaved: (seconds: number) => void = () => undefined;

  /** @param contents of the store, as an earlier run left it. */
  constructor(store: Outbox, contents: OutboxContents, options: OverflowOptions) {
    this.#store = store;
    this.#options = options;
    this.#end = contents.end;
    this.#heldFrom = contents.unsentFrom;
  }

  /** From now on the store is asked once more, and not waited for. */
  stop(): void {
    this.#isStopped = true;
  }

  bind(owner: string, origin?: OutboxOrigin): Promise<void> {
    return this.#store.bind(owner, origin);
  }

  load(): Promise<OutboxContents> {
    return this.#store.load();
  }

  async put(frame: OutboxFrame): Promise<boolean> {
    // A copy, as a store would make: the caller may use its buffer again.
    const kept = { ...checkedFrame(frame, frame.seq), pcm: frame.pcm.slice() };
    if ((await this.#catchUp()) && (await this.#tryStep({ do: "put", frame }))) {
      this.#noteRecent(kept);
      return true;
    }
    if (this.#unsaved.size >= this.#options.maxSeconds) return false;
    if (!this.#damage) this.#steps.push({ do: "put", frame: kept });
    this.#unsaved.set(frame.seq, kept);
    this.onUnsaved(this.#unsaved.size);
    return true;
  }

  async read(seq: number): Promise<OutboxFrame | undefined> {
    return this.#unsaved.get(seq) ?? this.#recent.get(seq) ?? this.#mustStore(() => this.#store.read(seq));
  }

  async remove(seqs: readonly number[]): Promise<void> {
    const stored = seqs.filter((seq) => !this.#unsaved.has(seq));
    for (const seq of seqs) this.#forget(seq);
    for (const seq of stored) this.#recent.delete(seq);
    if (stored.length > 0 && !this.#damage) await this.#removeStored(stored);
    await this.#catchUp();
  }

  skipTo(nextSeq: number): Promise<void> {
    return this.#perform({ do: "skip", to: nextSeq });
  }

  async setEnd(end: OutboxEnd): Promise<void> {
    this.#end = end;
    await this.#perform({ do: "end", end });
  }

  async hold(seq: number): Promise<void> {
    this.#heldFrom = Math.min(this.#heldFrom, seq);
    // An earlier one stands, on disk or on its way there.
    const isHeld = this.#isHeldOnDisk || this.#steps.some((step) => step.do === "hold");
    if (!isHeld) await this.#perform({ do: "hold", seq });
  }

  async release(by: number): Promise<OutboxEnd | undefined> {
    await this.#catchUp();
    if (!this.#isHeldOnDisk && this.#steps.some((step) => step.do === "hold")) {
      // The disk takes all for sent already, which is what a release without new numbers says.
      if (by !== 0) throw new OutboxUnavailableError();
      this.#steps = this.#steps.filter((step) => step.do !== "hold");
      this.#heldFrom = Infinity;
      return this.#end;
    }
    const end = this.#damage ? this.#end : await this.#releaseStore(by);
    this.#isHeldOnDisk = false;
    if (by !== 0) this.#renumber(by);
    this.#heldFrom = Infinity;
    if (this.#damage) return this.#end;
    const waiting = this.#steps.findLast((step) => step.do === "end");
    this.#end = waiting ? waiting.end : (end ?? this.#end);
    return this.#end;
  }

  async #releaseStore(by: number): Promise<OutboxEnd | undefined> {
    try {
      return await this.#mustStore(() => this.#store.release(by));
    } catch (cause) {
      if (!(cause instanceof OutboxDamagedError)) throw cause;
      this.#noteGone(cause);
      return this.#end;
    }
  }

  async setAside(seq: number): Promise<void> {
    this.#recent.delete(seq);
    if (this.#unsaved.delete(seq)) this.onUnsaved(this.#unsaved.size);
    await this.#perform({ do: "aside", seq });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#nextAttemptAt = 0;
    await this.#catchUp();
    await this.#store.close();
  }

  // ---- what the store is behind in

  /** A second that the room keeps, or never will, is of no use to the store; its number is. */
  #forget(seq: number): void {
    if (!this.#unsaved.delete(seq)) return;
    const steps: OutboxStep[] = [];
    for (const step of this.#steps) {
      const next: OutboxStep = step.do === "put" && step.frame.seq === seq ? { do: "skip", to: seq + 1 } : step;
      if (next.do === "skip" && steps.at(-1)?.do === "skip") steps.pop();
      steps.push(next);
    }
    this.#steps = steps;
    this.onUnsaved(this.#unsaved.size);
  }

  /** What was held back, and all that the store has not seen: it came after that. */
  #renumber(by: number): void {
    this.#steps = this.#steps.map((step): OutboxStep => {
      if (step.do === "put") return { do: "put", frame: { ...step.frame, seq: step.frame.seq + by } };
      if (step.do === "skip") return { do: "skip", to: step.to + by };
      if (step.do === "end") return { do: "end", end: { ...step.end, lastSeq: step.end.lastSeq + by } };
      return step;
    });
    if (this.#end && this.#end.lastSeq >= this.#heldFrom) this.#end = { ...this.#end, lastSeq: this.#end.lastSeq + by };
    for (const frames of [this.#unsaved, this.#recent]) {
      const all = [...frames.values()];
      frames.clear();
      for (const frame of all) {
        const seq = frame.seq < this.#heldFrom ? frame.seq : frame.seq + by;
        frames.set(seq, { ...frame, seq });
      }
    }
  }

  /** It can't be had back, nor made up for. */
  #noteGone(damage: OutboxDamagedError): void {
    this.#damage = damage;
    this.#steps = [];
    this.#isHeldOnDisk = false;
  }

  #noteRecent(frame: OutboxFrame): void {
    this.#recent.set(frame.seq, frame);
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > maxRecent && oldest !== undefined) this.#recent.delete(oldest);
  }

  async #perform(step: OutboxStep): Promise<void> {
    if ((await this.#catchUp()) && (await this.#tryStep(step))) return;
    if (this.#damage) return;
    const last = this.#steps.at(-1);
    if (step.do === "skip" && last?.do === "skip") this.#steps.pop();
    if (step.do === "end") this.#steps = this.#steps.filter((waiting) => waiting.do !== "end");
    this.#steps.push(step);
  }

  /** Never behind seconds that wait: they may wait for the space that this makes. A store that fails is not asked with each ack. */
  async #removeStored(seqs: readonly number[]): Promise<void> {
    const isLeftAlone = this.#isFailing && this.#now() < this.#nextAttemptAt;
    if (!isLeftAlone && (await this.#tryStep({ do: "remove", seqs }))) this.#nextAttemptAt = 0;
    else this.#removeLater(seqs);
  }

  #removeLater(seqs: readonly number[]): void {
    const [first] = this.#steps;
    if (first?.do === "remove") this.#steps[0] = { do: "remove", seqs: [...first.seqs, ...seqs] };
    else this.#steps.unshift({ do: "remove", seqs });
  }

  /** @returns whether the store lacks nothing. */
  async #catchUp(): Promise<boolean> {
    if (this.#damage) return false;
    for (let [step] = this.#steps; step; [step] = this.#steps) {
      if (this.#now() < this.#nextAttemptAt || !(await this.#tryStep(step))) return false;
      this.#steps.shift();
      if (step.do === "put" && this.#unsaved.delete(step.frame.seq)) {
        this.#noteRecent(step.frame);
        this.onUnsaved(this.#unsaved.size);
      }
      this.#noteIfRecovered();
    }
    return true;
  }

  /** @returns false where the store does not take it for now. */
  async #tryStep(step: OutboxStep): Promise<boolean> {
    try {
      const isTaken = await applyStep(this.#store, step);
      this.#isFailing = false;
      if (!isTaken) return this.#postpone("the store is full");
      if (step.do === "hold") this.#isHeldOnDisk = true;
      this.#noteIfRecovered();
      return true;
    } catch (cause) {
      if (cause instanceof OutboxDamagedError) this.#noteGone(cause);
      else if (this.#store.faultOf?.(cause) === undefined) throw cause;
      this.#isFailing = true;
      return this.#postpone(String(cause));
    }
  }

  #noteIfRecovered(): void {
    if (this.#attempt === 0 || this.#steps.length > 0) return;
    this.#attempt = 0;
    this.onRecovered();
  }

  /** What has no answer but the store's own. */
  async #mustStore<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (cause) {
      if (this.#isStopped || this.#store.faultOf?.(cause) === undefined) throw cause;
      this.#postpone(String(cause));
      throw new OutboxUnavailableError({ cause });
    }
  }

  #postpone(reason: string): false {
    this.#attempt += 1;
    const afterMs = backoffMs(backoff, this.#attempt, this.#options.random());
    this.#nextAttemptAt = this.#now() + afterMs;
    if (!this.#isStopped) this.onRetrying({ attempt: this.#attempt, afterMs, reason });
    return false;
  }

  #now(): number {
    return this.#options.elapsed?.() ?? performance.now();
  }
}
