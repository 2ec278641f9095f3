/**
 * Tells the app what happens in the room (SPEC X3–X7).
 *
 *   the room's tables ── what was told ──▶ messages, one commit ──▶ synced ──▶ the app ──▶ forgotten
 *
 * Messages are written only when the ones before were taken, so that there is one batch of them at most, however long the app
 * is away; a deletion writes a second one, before the tables go. A crash anywhere sends the same messages again, under the
 * same ids. Knows the room by narrow interfaces, and no platform. Nothing of ingest waits for it.
 */
import { type FeedBatch, feedAnswerSchema, type FeedMessage, maxFeedMessages } from "../../../schemas/meeting-feed.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { SingleFlight } from "../../../schemas/lib/single-flight.ts";
import { Cooldown } from "../../shared/lib/cooldown.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { describeError, type Log } from "../../shared/telemetry/log.ts";
import { type Known, planFeed } from "./feed-plan.ts";
import { OutboxStore, UnreadableRowError } from "./outbox-store.ts";

/** What is said is told together, and so is what is counted: that happens all the time, and each telling costs rows of everybody's. */
const [wordsMs, countsMs] = [10_000, 30_000] as const;
/** While kept chunks wait for R2, this often it is looked whether they still do. */
const archiveCheckMs = 30_000;
const callTimeoutMs = 10_000;
const minBackoffMs = 1_000;
const maxBackoffMs = 300_000;
/** Calls of one run, so that a run of an alarm ends. */
const maxCallsPerRun = 4;

export interface AppOutboxDeps {
  readonly db: Database;
  readonly tenant: string;
  readonly sessionId: string;
  /** What the room's tables say, besides the event log and the outbox's own. */
  readonly known: () => Pick<Known, "openedAt" | "captions" | "tracks" | "finalized" | "revised" | "isDeleted">;
  /** Whether kept chunks wait for R2. */
  readonly isArchiving: () => boolean;
  /** The app's answer is not trusted. May reject, or never answer. */
  readonly take: (batch: FeedBatch) => Promise<unknown>;
  /** Resolves when all SQL so far is durable. */
  readonly synced: () => Promise<void>;
  /** Asks for `run` at a time in ms since 1970, through the room's alarm. */
  readonly wakeAt: (at: number) => void;
  readonly random: () => number;
  readonly log: Log;
}

export class AppOutbox {
  readonly #deps: AppOutboxDeps;
  readonly #store: OutboxStore;
  readonly #flight = new SingleFlight(() => this.#tellOrWait());
  /** How long the app is left alone after a call that failed. */
  readonly #cooldown: Cooldown;
  #isUnreadableLogged = false;

  constructor(deps: AppOutboxDeps) {
    this.#deps = deps;
    const { db, random } = deps;
    this.#cooldown = new Cooldown({ firstMs: minBackoffMs, maxMs: maxBackoffMs, now: db.now, random });
    this.#store = new OutboxStore(deps.db);
  }

  /** Whether anything was ever told, or written to be told. */
  get isBegun(): boolean {
    return this.#store.isBegun;
  }

  /** Something happened that the app should hear of at once. May be called in a transaction: it writes a job alone. */
  tellSoon(): void {
    this.#wakeAt(this.#deps.db.now());
  }

  /** Something was said, which people look for. Costs nothing while the job is set. */
  tellLater(): void {
    this.#wakeAt(this.#deps.db.now() + wordsMs);
  }

  /** Something was counted. As `tellLater`. */
  counted(): void {
    this.#wakeAt(this.#deps.db.now() + countsMs);
  }

  /** The room woke: what is untold gets its job, whatever became of the one that was set for it. */
  woke(): void {
    if (this.#store.hasMessages || this.#hasNews()) this.tellLater();
  }

  /** What the app goes by may be among them. */
  settingsChanged(): void {
    if (this.#hasNews()) this.tellSoon();
  }

  /** Part of the commit that takes an answer of speaker resolve. */
  resolveCalled(): void {
    this.#store.countResolveCall();
    this.counted();
  }

  /** Writes down all that is untold, although the app has not taken what is written: the tables it is read from go. */
  collect(): void {
    this.#deps.db.transaction(() => {
      const { messages, told } = this.#plan();
      if (messages.length > 0) this.#store.add(messages, told);
    });
  }

  /** Tells the app what is untold; joins the run under way. Never rejects. */
  run(): Promise<void> {
    return this.#flight.run();
  }

  /** A row that can't be read stays and is looked at again later; nothing that comes after it can go out before it (X4). */
  async #tellOrWait(): Promise<void> {
    try {
      await this.#tell();
    } catch (cause) {
      if (!(cause instanceof UnreadableRowError)) throw cause;
      this.#cooldown.failed();
      if (!this.#isUnreadableLogged) this.#deps.log.error("app_outbox.unreadable", { error: describeError(cause) });
      this.#isUnreadableLogged = true;
      this.#wakeAt(this.#cooldown.until);
    }
  }

  async #tell(): Promise<void> {
    const { db, isArchiving } = this.#deps;
    if (!this.#cooldown.isOver) return this.#wakeAt(db.now());
    for (let calls = 0; ; calls += 1) {
      if (!this.#store.hasMessages) this.collect();
      const messages = this.#store.first(maxFeedMessages);
      if (messages.length === 0) break;
      if (calls === maxCallsPerRun) return this.tellSoon();
      const taken = await this.#hand(messages);
      if (!taken.ok) return this.#backOff(taken.error);
      this.#cooldown.succeeded();
      this.#store.takenThrough(taken.value);
    }
    if (isArchiving()) this.#wakeAt(db.now() + archiveCheckMs);
  }

  /** What can't be read counts as news: `run` says so, and waits. */
  #hasNews(): boolean {
    try {
      return this.#plan().messages.length > 0;
    } catch (cause) {
      if (cause instanceof UnreadableRowError) return true;
      throw cause;
    }
  }

  #plan(): ReturnType<typeof planFeed> {
    const { db, known } = this.#deps;
    const { told, resolveCalls } = this.#store;
    if (told.deleted) return { messages: [], told };
    return planFeed(told, { ...known(), ...this.#store.eventsAfter(told.event_id), resolveCalls }, db.now());
  }

  /** One call. @returns the id up to which all is taken; a reason where nothing is. */
  async #hand(messages: readonly FeedMessage[]): Promise<Result<number, string>> {
    const { tenant, sessionId: session_id, synced, take } = this.#deps;
    // An id that the app has seen must never be given to another message.
    await synced();
    let answer: unknown;
    try {
      answer = await withTimeout(take({ tenant, session_id, messages: [...messages] }), callTimeoutMs, "the app");
    } catch (cause) {
      return err(describeError(cause));
    }
    const parsed = feedAnswerSchema.safeParse(answer);
    const [first, last] = [messages[0]?.id ?? 0, messages.at(-1)?.id ?? 0];
    if (!parsed.success || parsed.data.taken_through > last) return err("the answer is none");
    return parsed.data.taken_through < first ? err("nothing was taken") : ok(parsed.data.taken_through);
  }

  #backOff(reason: string): void {
    const delay_ms = this.#cooldown.failed();
    this.#deps.log.warn("app_outbox.not_taken", { delay_ms, failures: this.#cooldown.failures, error: reason });
    this.#wakeAt(this.#cooldown.until);
  }

  #wakeAt(at: number): void {
    this.#deps.wakeAt(Math.max(at, this.#cooldown.until));
  }
}
