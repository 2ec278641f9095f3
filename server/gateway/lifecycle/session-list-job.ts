/**
 * Keeps a room's row of the index up to date, in the background: what changes the session's status at once, counts now and
 * then. D1 being slow or down is waited for here, with the room's alarm behind it, and nowhere else: no ack and no finalize
 * ever waits (I1).
 */
import { backoffMs } from "../../shared/lib/backoff.ts";
import { withTimeout } from "../../shared/lib/timeout.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";

/** A room that dies in the middle of a write is woken this soon. */
const backstopMs = 5_000;
/** How old the counts of a session that takes audio may get. */
const refreshMs = 300_000;
const writeTimeoutMs = 10_000;
const minBackoffMs = 1_000;
const maxBackoffMs = 300_000;

export interface IndexerDeps {
  readonly sessionId: string;
  /** Writes the row as it should be now. */
  readonly write: () => Promise<void>;
  /** Asks for `run` at a time in ms since 1970, through the room's alarm. */
  readonly wakeAt: (at: number) => void;
  readonly now: () => number;
  readonly random: () => number;
}

export class Indexer {
  readonly #deps: IndexerDeps;
  #running: Promise<void> | undefined;
  /** Whether the row may be behind; after a wake nobody knows. */
  #isBehind = true;
  #statusChanges = 0;
  #failures = 0;
  #notBefore = 0;

  constructor(deps: IndexerDeps) {
    this.#deps = deps;
  }

  /** The session's status changed: writes it soon. Call outside a transaction. Returns at once. */
  statusChanged(): void {
    this.#isBehind = true;
    this.#statusChanges += 1;
    this.#deps.wakeAt(Math.max(this.#deps.now() + backstopMs, this.#restUntil));
    void this.run();
  }

  /** Counts moved. Called for every chunk: costs nothing while a write is in sight. */
  countsChanged(): void {
    this.#isBehind = true;
    this.#deps.wakeAt(this.#deps.now() + refreshMs);
  }

  /** Writes what is behind, unless D1 is being given a rest; joins the write under way. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#write().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Resolves when no write is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  get #restUntil(): number {
    // A rest longer than the longest one means that the clock went backwards.
    return this.#notBefore - this.#deps.now() > maxBackoffMs ? 0 : this.#notBefore;
  }

  async #write(): Promise<void> {
    // Off the caller's step, which may not be done yet.
    await Promise.resolve();
    while (await this.#writeOnce());
  }

  /** @returns whether the status changed once more meanwhile. */
  async #writeOnce(): Promise<boolean> {
    const { now, wakeAt, write } = this.#deps;
    if (!this.#isBehind) return false;
    if (now() < this.#restUntil) {
      wakeAt(this.#restUntil);
      return false;
    }
    this.#isBehind = false;
    const changes = this.#statusChanges;
    try {
      await withTimeout(write(), writeTimeoutMs, "D1 write");
    } catch (cause) {
      this.#isBehind = true;
      this.#failed(cause);
      return false;
    }
    this.#failures = 0;
    return this.#statusChanges !== changes;
  }

  #failed(cause: unknown): void {
    const { now, random, sessionId, wakeAt } = this.#deps;
    const delay_ms = backoffMs(this.#failures, minBackoffMs, maxBackoffMs, random);
    this.#failures += 1;
    this.#notBefore = now() + delay_ms;
    log.warn("index.write_failed", { session: sessionId, delay_ms, error: describeError(cause) });
    wakeAt(this.#notBefore);
  }
}
