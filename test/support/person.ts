/** A person in a meeting: a microphone that is always on, ears, and answers that are given once the other side has fallen silent. */
import { type Capture, listen, startCapture } from "../../client/embedding.ts";

const blockMs = 100;
const blockSamples = (16_000 * blockMs) / 1_000;
/** The other side said something, and nothing more for so long: it is one's turn. */
const turnMs = 1_200;

export interface PersonOptions {
  /** `http://…` */
  readonly baseUrl: string;
  readonly sessionId: string;
  readonly answers: readonly Int16Array[];
  readonly hears?: string;
  /** Default: `mic`. */
  readonly track?: string;
}

export class Person {
  readonly heard: { samples: number; flushes: number } = { samples: 0, flushes: 0 };
  /** What its microphone gave, from the beginning. */
  readonly recorded: Int16Array[] = [];
  readonly #options: PersonOptions;
  readonly #answers: Int16Array[];
  readonly #left = new AbortController();
  #capture: Capture | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #speaking: Int16Array = new Int16Array(0);
  #lastHeardAt: number | undefined;
  #startedAt = 0;
  #written = 0;

  constructor(options: PersonOptions) {
    this.#options = options;
    this.#answers = [...options.answers];
  }

  async join(): Promise<void> {
    const { baseUrl, sessionId, track = "mic" } = this.#options;
    const format = { sampleRate: 16_000, channels: 1 };
    this.#capture = await startCapture({ baseUrl, sessionId, track, format, live: true });
    this.#startedAt = performance.now();
    this.#timer = setInterval(() => this.#speak(), blockMs / 2);
    void this.#listen();
  }

  /** Says it now, whoever speaks. */
  interject(samples: Int16Array): void {
    this.#speaking = samples;
  }

  /** Leaves without a word: its track did not end. */
  async hangUp(): Promise<void> {
    clearInterval(this.#timer);
    this.#left.abort(new Error("left"));
    await this.#capture?.close();
  }

  async leave(): Promise<void> {
    clearInterval(this.#timer);
    this.#left.abort(new Error("left"));
    await this.#capture?.end();
    await this.#capture?.close();
  }

  #speak(): void {
    const due = ((performance.now() - this.#startedAt) * 16_000) / 1_000 - this.#written;
    for (let n = 0; n < Math.floor(due / blockSamples); n += 1) {
      const block = new Int16Array(blockSamples);
      block.set(this.#speaking.subarray(0, blockSamples));
      this.#speaking = this.#speaking.subarray(blockSamples);
      this.#written += blockSamples;
      this.recorded.push(block);
      this.#capture?.write(block).catch(() => undefined);
    }
    const isMyTurn = this.#lastHeardAt !== undefined && performance.now() - this.#lastHeardAt > turnMs;
    const answer = isMyTurn && this.#speaking.length === 0 ? this.#answers.shift() : undefined;
    if (!answer) return;
    this.#lastHeardAt = undefined;
    this.#speaking = answer;
  }

  async #listen(): Promise<void> {
    const { baseUrl, sessionId, hears = "ai" } = this.#options;
    const url = `${baseUrl.replace(/^http/, "ws")}/v1/sessions/${sessionId}/live?topics=live`;
    const to = { url, token: undefined };
    try {
      for await (const { samples, flush } of listen(to, { signal: this.#left.signal, tracks: [hears] })) {
        if (flush) this.heard.flushes += 1;
        this.heard.samples += samples.length;
        if (samples.length > 0) this.#lastHeardAt = performance.now();
      }
    } catch (cause) {
      if (!this.#left.signal.aborted) throw cause;
    }
  }
}
