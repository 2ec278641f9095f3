/**
 * The demo's speakers: opens the session with a roster, and watches the room say who is who and what they say, as the models that
 * come with the gateway hear it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ResultsClient } from "../../client/results/results-types.ts";
import { Failure, sentenceOf } from "../../schemas/lib/failure.ts";
import { LiveTurns } from "./live-turns.ts";
import type { MeetingTruth } from "./meeting-truth.ts";

/** A model that is loaded by the first words, on a slow machine. */
const patienceMs = 180_000;
const lookMs = 200;

export class DemoSpeakers {
  readonly #client: ResultsClient;
  readonly #sessionId: string;
  readonly #truth: MeetingTruth;
  readonly #watching = new AbortController();
  readonly #print: (line: string) => void;
  #watched: Promise<void> = Promise.resolve();

  constructor(client: ResultsClient, sessionId: string, truth: MeetingTruth, print: (line: string) => void) {
    this.#client = client;
    this.#sessionId = sessionId;
    this.#truth = truth;
    this.#print = print;
  }

  async open(): Promise<void> {
    await this.#client.createSession({ session_id: this.#sessionId, roster: this.#truth.roster, captions: "final" });
    this.#watched = this.#watch();
    // Awaited in `end`; until then a failure must not count as unheard.
    this.#watched.catch(() => undefined);
  }

  /** Waits until all that is kept is said. */
  async said(): Promise<void> {
    await awaitCaptions(this.#client, this.#sessionId);
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

/** Waits until captions are where the kept audio ends. */
export async function awaitCaptions(client: ResultsClient, sessionId: string): Promise<void> {
  let setback: string | undefined;
  for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(lookMs)) {
    const state = await client.captions(sessionId);
    setback = state.setback?.reason;
    if (state.tracks.length > 0 && state.tracks.every(({ lag_ms }) => lag_ms === 0)) return;
  }
  throw new Failure(`Captions did not come to the end in three minutes${setback ? `: ${setback}` : ""}.`);
}
