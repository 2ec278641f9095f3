/**
 * The demo's speakers: opens the session with a roster, posts the captions of the sample as a captioning service
 * would, each once it is spoken, and watches the room say who is who.
 */
import type { ResultsClient, UtteranceInput } from "../../client/results/results-types.ts";
import { sentenceOf } from "../../schemas/lib/failure.ts";
import { LiveTurns } from "./live-turns.ts";
import type { MeetingTruth } from "./meeting-truth.ts";

export class DemoSpeakers {
  readonly #client: ResultsClient;
  readonly #sessionId: string;
  readonly #truth: MeetingTruth;
  readonly #watching = new AbortController();
  readonly #print: (line: string) => void;
  #watched: Promise<void> = Promise.resolve();
  #posted: Promise<void> = Promise.resolve();
  #spoken = 0;

  constructor(client: ResultsClient, sessionId: string, truth: MeetingTruth, print: (line: string) => void) {
    this.#client = client;
    this.#sessionId = sessionId;
    this.#truth = truth;
    this.#print = print;
  }

  async open(): Promise<void> {
    await this.#client.createSession({ session_id: this.#sessionId, roster: this.#truth.roster });
    this.#watched = this.#watch();
    // Awaited in `end`; until then a failure must not count as unheard.
    this.#watched.catch(() => undefined);
  }

  /** The meeting has come this far: posts the captions that are complete. */
  advanceTo(ms: number): void {
    const from = this.#spoken;
    while ((this.#truth.turns[this.#spoken]?.end_ms ?? Number.POSITIVE_INFINITY) <= ms) this.#spoken += 1;
    const utterances = this.#truth.turns.slice(from, this.#spoken).map(({ start_ms, end_ms, text }, i) => ({
      utterance_id: `caption-${from + i + 1}`,
      start_ms,
      end_ms,
      text,
    }));
    if (utterances.length === 0) return;
    this.#posted = this.#postAfter(this.#posted, utterances);
    this.#posted.catch(() => undefined);
  }

  async #postAfter(earlier: Promise<void>, utterances: readonly UtteranceInput[]): Promise<void> {
    await earlier;
    await this.#client.addUtterances(this.#sessionId, utterances);
  }

  /** Waits until the captions are posted. */
  posted(): Promise<void> {
    return this.#posted;
  }

  /** Waits for the end of the log: the session must be finalized. */
  async end(): Promise<void> {
    await this.#watched;
  }

  stop(): void {
    this.#watching.abort();
  }

  async #watch(): Promise<void> {
    const turns = new LiveTurns(this.#print);
    try {
      for await (const event of this.#client.liveEvents(this.#sessionId, { signal: this.#watching.signal })) {
        turns.add(event);
      }
    } catch (cause) {
      if (!this.#watching.signal.aborted) throw new Error(`watching failed: ${sentenceOf(cause)}`, { cause });
    }
    turns.end();
  }
}
