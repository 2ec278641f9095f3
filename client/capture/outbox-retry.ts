/**
 * An outbox whose store may fail for a while (SPEC O2): each call that a passing fault broke is made again, with growing
 * pauses, and fails once the fault has lasted. Where a full store refuses a step that must be on disk, it is tried for as
 * long as the capture lives: others may give the space back.
 */
import { type Backoff, backoffMs } from "../../schemas/lib/backoff.ts";
import type { Outbox, OutboxContents, OutboxEnd, OutboxFrame, OutboxOrigin } from "./outbox.ts";
import { Pause } from "./pause.ts";

const backoff: Backoff = { firstMs: 200, maxMs: 5_000, least: "half" };

/** The store failed; the same step is tried again after this pause. */
export interface OutboxRetrying {
  readonly attempt: number;
  readonly afterMs: number;
  readonly reason: string;
}

export interface RetryOptions {
  /** How long a passing fault may last. */
  readonly giveUpAfterMs: number;
  /** Ms, of a clock that stands still with the attempts, while the machine sleeps. */
  readonly elapsed?: () => number;
  readonly random: () => number;
}

export class RetryingOutbox implements Outbox {
  readonly #outbox: Outbox;
  readonly #options: RetryOptions;
  #pause: Pause | undefined;
  #isStopped = false;
  onRetrying: (retry: OutboxRetrying) => void = () => undefined;
  /** A step that had failed is done. */
  onRecovered: () => void = () => undefined;

  constructor(outbox: Outbox, options: RetryOptions) {
    this.#outbox = outbox;
    this.#options = options;
  }

  /** From now on each call is made once: nobody waits for it. */
  stop(): void {
    this.#isStopped = true;
    this.#pause?.cut();
  }

  bind(owner: string, origin?: OutboxOrigin): Promise<void> {
    return this.#try(() => this.#outbox.bind(owner, origin));
  }
  load(): Promise<OutboxContents> {
    return this.#try(() => this.#outbox.load());
  }
  put(frame: OutboxFrame): Promise<boolean> {
    return this.#try(() => this.#outbox.put(frame));
  }
  read(seq: number): Promise<OutboxFrame | undefined> {
    return this.#try(() => this.#outbox.read(seq));
  }
  remove(seqs: readonly number[]): Promise<void> {
    return this.#try(() => this.#outbox.remove(seqs));
  }
  skipTo(nextSeq: number): Promise<void> {
    return this.#try(() => this.#outbox.skipTo(nextSeq));
  }
  setEnd(end: OutboxEnd): Promise<void> {
    return this.#try(() => this.#outbox.setEnd(end));
  }
  hold(seq: number): Promise<void> {
    return this.#try(() => this.#outbox.hold(seq));
  }
  release(by: number): Promise<OutboxEnd | undefined> {
    return this.#try(() => this.#outbox.release(by));
  }
  setAside(seq: number): Promise<void> {
    return this.#try(() => this.#outbox.setAside(seq));
  }
  close(): Promise<void> {
    return this.#outbox.close();
  }

  async #try<T>(step: () => Promise<T>): Promise<T> {
    const { giveUpAfterMs, elapsed = () => performance.now(), random } = this.#options;
    const since = elapsed();
    for (let attempt = 1; ; attempt += 1) {
      try {
        const done = await step();
        if (attempt > 1) this.onRecovered();
        return done;
      } catch (cause) {
        const fault = this.#outbox.faultOf?.(cause);
        if (!fault || this.#isStopped || (fault === "passing" && elapsed() - since >= giveUpAfterMs)) throw cause;
        const afterMs = backoffMs(backoff, attempt, random());
        this.onRetrying({ attempt, afterMs, reason: String(cause) });
        this.#pause = new Pause(afterMs);
      }
      await this.#pause.over;
    }
  }
}
