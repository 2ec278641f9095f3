/** A model that speaks Gemini Live's wire: it hears the words of `spoken-words.ts`, writes them down, answers each pause, and resumes sessions. */
import type { Clock } from "../../../server/app/participant/clock.ts";
import { answerTo, Ear, type Noticed, speech } from "./spoken-words.ts";
import type { Serve, ServerLine, Session } from "./served.ts";

interface Memory {
  ear: Ear;
  /** Words that wait for an answer. */
  pending: number[];
  answered: number[];
}

export interface GeminiOptions {
  readonly clock: Clock;
  /** Whether handles say which message they hold. */
  readonly isExact: boolean;
  readonly rateHz: number;
  /** Of speech a word. */
  readonly wordMs?: number;
}

const silenceMs = 500;
const handleEveryMs = 1_000;
const chunkMs = 200;
const thinkMs = 150;

export class GeminiModel {
  readonly #options: GeminiOptions;
  readonly #kept = new Map<string, Memory>();
  /** Keys and addresses that it was reached with. */
  readonly reachedBy: { readonly url: string; readonly key: unknown }[] = [];
  greetings = 0;

  constructor(options: GeminiOptions) {
    this.#options = options;
  }

  readonly serve: Serve = (line) => {
    this.reachedBy.push({ url: line.url, key: line.headers["x-goog-api-key"] });
    return new GeminiSession(line, this.#options, this.#kept, () => (this.greetings += 1));
  };
}

class GeminiSession implements Session {
  readonly #line: ServerLine;
  readonly #options: GeminiOptions;
  readonly #kept: Map<string, Memory>;
  readonly #greet: () => void;
  #memory: Memory | undefined;
  #received = 0;
  #isOver = false;
  /** Speech that is on its way out. */
  #answering: { left: string[]; heardUntil: number } | undefined;

  constructor(line: ServerLine, options: GeminiOptions, kept: Map<string, Memory>, greet: () => void) {
    this.#line = line;
    this.#options = options;
    this.#kept = kept;
    this.#greet = greet;
  }

  take(message: Record<string, unknown>): void {
    const { setup, realtimeInput } = message as {
      setup?: { sessionResumption?: { handle?: string } };
      realtimeInput?: { text?: string; audio?: { data: string } };
    };
    this.#received += 1;
    if (setup) this.#begin(setup.sessionResumption?.handle);
    if (realtimeInput?.text !== undefined) {
      this.#greet();
      this.#answer([]);
    }
    if (realtimeInput?.audio) this.#hear(Buffer.from(realtimeInput.audio.data, "base64"));
  }

  goAway(ms: number): void {
    this.#line.send({ goAway: { timeLeft: `${ms / 1_000}s` } });
    this.#later(ms, () => this.#line.close(1_000));
  }

  over(): void {
    this.#isOver = true;
  }

  #begin(handle: string | undefined): void {
    const kept =
      handle === undefined ? { ear: new Ear(16_000, silenceMs), pending: [], answered: [] } : this.#kept.get(handle);
    if (!kept) return this.#line.close(1_008);
    this.#memory = copyOf(kept);
    this.#line.send({ setupComplete: {} });
    this.#later(handleEveryMs, () => this.#giveHandles());
  }

  #giveHandles(): void {
    this.#later(handleEveryMs, () => this.#giveHandles());
    const isBusy = this.#answering !== undefined || this.#memory?.ear.isInWord;
    this.#line.send({ sessionResumptionUpdate: isBusy ? { resumable: false } : this.#snapshot() });
  }

  #snapshot() {
    const handle = `handle-${this.#kept.size + 1}`;
    if (this.#memory) this.#kept.set(handle, copyOf(this.#memory));
    const index = this.#options.isExact ? { lastConsumedClientMessageIndex: String(this.#received - 1) } : {};
    return { newHandle: handle, resumable: true, ...index };
  }

  #hear(bytes: Buffer): void {
    const samples = new Int16Array(Uint8Array.from(bytes).buffer);
    for (const noticed of this.#memory?.ear.push(samples) ?? []) this.#notice(noticed);
  }

  #notice({ type, word }: Noticed): void {
    const { clock } = this.#options;
    if (type === "begins" && this.#answering && clock.now() < this.#answering.heardUntil) {
      this.#answering = undefined;
      this.#line.send({ serverContent: { interrupted: true } });
      this.#line.send({ serverContent: { turnComplete: true } });
    }
    if (type === "word") {
      this.#memory?.pending.push(word);
      this.#line.send({ serverContent: { inputTranscription: { text: `w${word} ` } } });
    }
    if (type === "pause" && this.#memory && this.#memory.pending.length > 0) {
      const { pending } = this.#memory;
      this.#memory.pending = [];
      this.#memory.answered.push(...pending);
      this.#later(thinkMs, () => this.#answer(pending));
    }
  }

  #answer(to: readonly number[]): void {
    const { clock, wordMs: each = 100 } = this.#options;
    const left = answerTo(to);
    const answering = { left, heardUntil: clock.now() + left.length * each };
    this.#answering = answering;
    const next = (): void => {
      if (this.#answering !== answering) return;
      const some = answering.left.splice(0, Math.max(1, Math.round(chunkMs / each)));
      if (some.length === 0) return this.#finish(to.length);
      const sound = speech(some.length * each, this.#options.rateHz);
      const inlineData = {
        mimeType: `audio/pcm;rate=${this.#options.rateHz}`,
        data: Buffer.from(sound.buffer).toString("base64"),
      };
      this.#line.send({
        serverContent: { outputTranscription: { text: `${some.join(" ")} ` }, modelTurn: { parts: [{ inlineData }] } },
      });
      this.#later(20, next);
    };
    next();
  }

  #finish(tokens: number): void {
    const answering = this.#answering;
    this.#line.send({ serverContent: { generationComplete: true } });
    // The turn is over when it was heard, as the model reckons.
    this.#later(Math.max(0, (answering?.heardUntil ?? 0) - this.#options.clock.now()), () => {
      if (this.#answering !== answering) return;
      this.#answering = undefined;
      this.#line.send({
        serverContent: { turnComplete: true },
        usageMetadata: { promptTokenCount: tokens, responseTokenCount: 10 },
      });
      this.#line.send({ sessionResumptionUpdate: this.#snapshot() });
    });
  }

  #later(ms: number, what: () => void): void {
    this.#options.clock.after(ms, () => (this.#isOver ? undefined : what()));
  }
}

function copyOf({ ear, pending, answered }: Memory): Memory {
  return { ear: ear.copy(), pending: [...pending], answered: [...answered] };
}
