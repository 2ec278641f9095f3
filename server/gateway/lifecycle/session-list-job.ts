/**
 * Keeps a room's row of the index up to date, in the background: what changes the session's status at once, counts now and
 * then. D1 being slow or down is waited for here, with the room's alarm behind it, and nowhere else: no ack and no finalize
 * ever waits (I1).
 */
import { Cooldown } from "../../shared/lib/cooldown.ts";
import { SingleFlight } from "../../../schemas/lib/single-flight.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";

/** A room that dies in the middle of a write is woken this soon. */
const backstopMs = 5_000;
/** How old the counts of a session that takes audio may get. */
const refreshMs = 300_000;
/** How old the names of its people: several often come one after the other. */
const peopleMs = 15_000;
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
  readonly #flight = new SingleFlight(() => this.#write());
  /** How long D1 is left alone after a write that failed. */
  readonly #cooldown: Cooldown;
  /** Whether the row may be behind; after a wake nobody knows. */
  #isBehind = true;
  #statusChanges = 0;

  constructor(deps: IndexerDeps) {
    this.#deps = deps;
    this.#cooldown = new Cooldown({ firstMs: minBackoffMs, maxMs: maxBackoffMs, now: deps.now, random: deps.random });
  }

  /** The session's status changed: writes it soon. Call outside a transaction. Returns at once. */
  statusChanged(): void {
    this.#isBehind = true;
    this.#statusChanges += 1;
    this.#deps.wakeAt(Math.max(this.#deps.now() + backstopMs, this.#cooldown.until));
    void this.run();
  }

  /** Counts moved. Called for every chunk: costs nothing while a write is in sight. */
  countsChanged(): void {
    this.#isBehind = true;
    this.#deps.wakeAt(this.#deps.now() + refreshMs);
  }

  /** Somebody has a name. May be called inside a transaction. */
  peopleChanged(): void {
    this.#isBehind = true;
    this.#deps.wakeAt(this.#deps.now() + peopleMs);
  }

  /** Writes what is behind, unless D1 is left alone; joins the write under way. Never rejects. */
  run(): Promise<void> {
    return this.#flight.run();
  }

  /** Writes the row now, whatever is known of it, as an operator asks. @returns whether D1 took it. Never rejects. */
  async writeNow(): Promise<boolean> {
    this.#cooldown.succeeded();
    this.statusChanged();
    await this.run();
    return !this.#isBehind;
  }

  /** Resolves when no write is under way. */
  idle(): Promise<void> {
    return this.#flight.idle();
  }

  async #write(): Promise<void> {
    // Off the caller's step, which may not be done yet.
    await Promise.resolve();
    while (await this.#writeOnce());
  }

  /** @returns whether the status changed once more meanwhile. */
  async #writeOnce(): Promise<boolean> {
    const { wakeAt, write } = this.#deps;
    if (!this.#isBehind) return false;
    if (!this.#cooldown.isOver) {
      wakeAt(this.#cooldown.until);
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
    this.#cooldown.succeeded();
    return this.#statusChanges !== changes;
  }

  #failed(cause: unknown): void {
    const { sessionId, wakeAt } = this.#deps;
    const delay_ms = this.#cooldown.failed();
    log.warn("index.write_failed", { session_id: sessionId, delay_ms, error: describeError(cause) });
    wakeAt(this.#cooldown.until);
  }
}
