/**
 * The embedded interviewer: questions spoken one after the other, each once the person has answered and fallen silent (SPEC Y7). It hears
 * with the model that transcribes and speaks with the one that synthesizes, so that it needs no account. A question that was cut off
 * before most of it was heard is asked again; one that nobody answers as well, once. Noise that does not end holds nobody up: once it is
 * known to have no words, it interrupts nothing and ends an answer as a pause does. Knows no provider.
 */
import { ok, type Result } from "../../../../../schemas/lib/result.ts";
import { type Clock, machineClock } from "../../clock.ts";
import { samplesOf } from "../../../../../schemas/wire/samples.ts";
import { VoiceWatch } from "../../room/voice-watch.ts";
import { type Answer, AnswerAudio } from "./answer-audio.ts";
import type { Talk, TalkEvent, TalkSetup } from "../live-model.ts";

export interface Voices {
  /** Mono, 16 kHz. Throws where no model speaks. */
  speak(text: string, signal: AbortSignal): AsyncGenerator<Int16Array>;
  /** Throws where no model hears. @param pcm s16le. */
  transcribe(pcm: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<string>;
}

/** Of a conversation that is told nothing. */
const usualScript = [
  "What would you like to talk about?",
  "What matters most to you about it?",
  "Is there anything that you would like to add?",
] as const;
const usualGreeting = "Hello, and thank you for taking the time.";
const thanks = "Thank you very much. That was all from me. Goodbye.";

/** So much of a question must have been heard for it to be answered. */
const heardEnough = 0.6;
/** Whoever says nothing for so long did not hear, or does not know. */
const patienceMs = 20_000;

export function openScriptedTalk(
  voices: Voices,
  setup: TalkSetup,
  emit: (event: TalkEvent) => void,
  clock: Clock = machineClock,
): Talk {
  return new ScriptedTalk(voices, setup, emit, clock);
}

interface Turn {
  readonly number: number;
  samples: number;
  /** Nothing more of it comes. */
  isWhole: boolean;
}

class ScriptedTalk implements Talk {
  readonly isRemote = false;
  readonly #voices: Voices;
  readonly #emit: (event: TalkEvent) => void;
  readonly #lines: readonly string[];
  readonly #watch = new VoiceWatch();
  readonly #audio: AnswerAudio;
  readonly #clock: Clock;
  /** The line that is said next. */
  #next: number;
  #turn: Turn | undefined;
  #turns = 0;
  #speech: AbortController | undefined;
  readonly #over = new AbortController();
  #wasRepeated = false;
  #wasStopped = false;
  /** The question that is next was begun before, and was not heard. */
  #wasCutOff = false;
  /** Ends the wait for an answer, where there is one. */
  #patience: (() => void) | undefined;
  #isConnected = false;
  /** Answers of which nobody knows yet what they say. */
  #open = 0;
  #work: Promise<void> = Promise.resolve();

  constructor(
    voices: Voices,
    { greeting = usualGreeting, script = usualScript, handle }: TalkSetup,
    emit: (event: TalkEvent) => void,
    clock: Clock,
  ) {
    this.#audio = new AnswerAudio((answer) => {
      // One after the other, in the order in which it was said.
      this.#work = this.#work.then(() => this.#take(answer));
    }, clock);
    this.#clock = clock;
    this.#voices = voices;
    this.#emit = emit;
    const [first = "", ...others] = script;
    this.#lines = [`${greeting} ${first}`, ...others, thanks];
    const reached = Number(handle ?? 0);
    this.#next = Number.isInteger(reached) ? Math.max(0, Math.min(reached, this.#lines.length - 1)) : 0;
  }

  async connect(): Promise<Result<"connected", "unavailable" | "timeout">> {
    this.#isConnected = true;
    // What was being said is said again: the connection before broke in it.
    this.#turn = undefined;
    queueMicrotask(() => void this.#say(this.#next));
    return ok("connected");
  }

  hear(pcm: Uint8Array): void {
    if (this.#over.signal.aborted) return;
    const { voiced, frames } = this.#watch.push(samplesOf(pcm));
    this.#audio.push(pcm, voiced, frames);
    if (!this.#audio.isVoice || this.#audio.isNoisy) return;
    this.#forgetPatience();
    this.#giveWay();
  }

  /** Whoever begins to speak is let speak. */
  #giveWay(): void {
    if (!this.#turn) return;
    this.#speech?.abort();
    this.#emit({ type: "interrupted" });
  }

  handleTurnOver(number: number, playedSamples: number, wasCut: boolean): void {
    const turn = this.#turn;
    if (turn?.number !== number) return;
    this.#turn = undefined;
    this.#wasCutOff = !turn.isWhole || (wasCut && playedSamples < turn.samples * heardEnough);
    if (this.#wasCutOff) this.#next = Math.max(0, this.#next - 1);
    // Who stopped it may have nothing to say.
    if (!wasCut || this.#wasStopped) this.#waitForAnswer();
    this.#wasStopped = false;
  }

  interrupt(): void {
    this.#wasStopped = true;
    this.#speech?.abort();
  }

  close(): void {
    this.#isConnected = false;
    this.#forgetPatience();
    this.#speech?.abort();
    this.#over.abort();
    this.#audio.stop();
  }

  async #say(line: number): Promise<void> {
    const text = this.#lines[line];
    if (text === undefined || !this.#isConnected) return;
    this.#turns += 1;
    const turn: Turn = { number: this.#turns, samples: 0, isWhole: false };
    this.#turn = turn;
    // Whoever goes on after this object asks what was not answered.
    this.#emit({ type: "handle", handle: String(line) });
    const speech = new AbortController();
    this.#speech = speech;
    this.#wasCutOff = false;
    this.#next = line + 1;
    this.#emit({ type: "said", turn: turn.number, text });
    try {
      const { signal } = speech;
      for await (const samples of this.#voices.speak(text, AbortSignal.any([signal, this.#over.signal]))) {
        if (signal.aborted || this.#turn !== turn) return;
        turn.samples += samples.length;
        this.#emit({ type: "audio", turn: turn.number, samples });
      }
    } catch {
      if (speech.signal.aborted || this.#over.signal.aborted) return;
      // Said again over the next connection.
      this.#next = line;
      this.#break();
      return;
    }
    if (speech.signal.aborted || this.#turn !== turn) return;
    turn.isWhole = true;
    this.#emit({ type: "turn_complete", turn: turn.number });
    if (line === this.#lines.length - 1) this.#emit({ type: "done" });
  }

  /** Somebody said something, and fell silent; or goes on. */
  async #take({ pcm, isOver, isPeek }: Answer): Promise<void> {
    this.#open += 1;
    if (isOver) this.#emit({ type: "asked" });
    let text = "";
    try {
      text = await this.#voices.transcribe(pcm, this.#over.signal);
    } catch {
      // What nobody heard by now is heard with the rest.
      if (this.#over.signal.aborted || isPeek) return;
      // It was heard, and nobody knows what: the question is asked again rather than the answer lost.
      this.#next = Math.max(0, this.#next - 1);
      this.#break();
      return;
    } finally {
      this.#open -= 1;
    }
    if (this.#over.signal.aborted || (isPeek && text !== "")) return;
    const isNoise = !isOver && text === "";
    if (isNoise) this.#audio.isNoisy = true;
    if (isPeek) return this.#goOnAfterNoise();
    // Over noise no pause tells that an answer has ended.
    const isEnd = isOver || (isNoise && this.#audio.hasWords);
    if (isEnd && !isOver) this.#emit({ type: "asked" });
    this.#emit({ type: "heard", text: text === "" ? "" : `${text} `, isFinal: isEnd });
    if (text !== "" && this.#audio.isNoisy) {
      this.#giveWay();
      this.#forgetPatience();
    }
    if (!isOver && text !== "") this.#audio.hasWords = true;
    if (text === "" && !this.#audio.hasWords) return this.#goOnAfterNoise();
    if (!isEnd || this.#turn) return;
    this.#audio.hasWords = false;
    this.#wasRepeated = false;
    await this.#say(this.#next);
  }

  /** What sounded was no answer: a question that it cut off is asked again, any other goes on waiting. */
  async #goOnAfterNoise(): Promise<void> {
    if (this.#turn) return;
    if (this.#wasCutOff) return this.#say(this.#next);
    if (!this.#patience) this.#waitForAnswer();
  }

  #forgetPatience(): void {
    this.#patience?.();
    this.#patience = undefined;
  }

  #waitForAnswer(): void {
    this.#forgetPatience();
    if (this.#next >= this.#lines.length) return;
    this.#patience = this.#clock.after(patienceMs, () => {
      this.#patience = undefined;
      if (this.#turn || this.#open > 0) return;
      const line = this.#wasRepeated || this.#next === 0 ? this.#next : this.#next - 1;
      this.#wasRepeated = !this.#wasRepeated;
      void this.#say(line);
    });
  }

  #break(): void {
    this.#turn = undefined;
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.#emit({ type: "closed" });
  }
}
