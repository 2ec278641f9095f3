/**
 * A whole conversation in simulated time: a person who speaks numbered words, the turn machine, a talk with a model over a wire that fails,
 * a player, and objects that die and are followed by others. What is to hold of it whatever happens is checked at the end.
 */
import { Conversation, type ConversationDeps } from "../../../server/app/participant/conversation.ts";
import { type Clock, every } from "../../../server/app/participant/clock.ts";
import type { Talk, TalkEvent } from "../../../server/app/participant/models/live-model.ts";
import { Outflow } from "../../../server/app/participant/room/outflow.ts";
import { reviveTurns } from "../../../server/app/participant/turns/turn-machine.ts";
import { beginTurns, phaseOf } from "../../../server/app/participant/turns/turn-state.ts";
import type { EndReason, SpokenUtterance, TurnState } from "../../../server/app/participant/turns/turn-types.ts";
import { maxWord, soundOf } from "./spoken-words.ts";

export interface InterviewOptions {
  readonly clock: Clock;
  readonly openTalk: (handle: string | undefined, emit: (event: TalkEvent) => void) => Talk;
  readonly random: () => number;
  /** Of the person. */
  readonly sentences: number;
  /** Chance, at each step, that the person begins to speak while the model does: 0 to 1. */
  readonly bargeIn: number;
  readonly maxMinutes?: number;
}

const pieceMs = 100;
const pieceSamples = 1_600;
const tickMs = 40;

interface Word {
  readonly word: number;
  readonly atMs: number;
}

export class Interview {
  /** Words that the model's side was given, with their place on the person's track. */
  readonly given: Word[] = [];
  readonly recorded = new Map<string, SpokenUtterance>();
  /** Utterances that were recorded under an id which was there. */
  recordedTwice = 0;
  /** Longest wait within a turn of which more was to come, ms. */
  longestCutMs = 0;
  flushes = 0;
  /** Words that were given when an object died, and not recorded: it had them in memory alone. */
  readonly excused = new Set<number>();
  ended: EndReason | undefined;
  readonly #options: InterviewOptions;
  readonly #out = new Outflow();
  #conversation: Conversation | undefined;
  #state: TurnState;
  #handle: string | undefined;
  #ownMs = 0;
  #trackMs = 0;
  #speaking: { samples: Int16Array; words: number[]; at: number } | undefined;
  #said = 0;
  #nextWord = 1;
  #quietMs = 0;
  #unheardUntil = 0;
  #dryMs = 0;
  #forgets: (() => void)[] = [];

  constructor(options: InterviewOptions) {
    this.#options = options;
    const begun = beginTurns(options.clock.now(), (options.maxMinutes ?? 30) * 60_000);
    this.#state = begun.state;
    this.#conversation = new Conversation(this.#deps(), begun);
    this.#repeat(pieceMs, () => this.#speak());
    this.#repeat(tickMs, () => this.#play());
  }

  get phase(): ReturnType<typeof phaseOf> {
    return phaseOf(this.#conversation?.state ?? this.#state);
  }

  /** All was said, and some time went by. */
  get isSaid(): boolean {
    const isDone = this.#said >= this.#options.sentences && !this.#speaking && this.#quietMs > 8_000;
    const words = new Set(this.userWords);
    const isKnown = (): boolean => this.given.every(({ word }) => words.has(word) || this.excused.has(word));
    return isDone && (this.#quietMs > 100_000 || isKnown());
  }

  /** The button: it is to stop, without a word. */
  press(): void {
    const samples = new Int16Array(320);
    this.#conversation?.hear({ track: "mic", samples, sampleRate: 16_000, atMs: undefined, flush: true, lostMs: 0 });
  }

  /** Says no sentence more. */
  finishSaying(): void {
    this.#said = this.#options.sentences;
  }

  /** The person's live audio does not reach the room for a while; nor does what would be said in it. */
  losePerson(ms: number): void {
    this.#unheardUntil = this.#options.clock.now() + ms;
  }

  /** The object is gone; another goes on from what it kept. */
  die(): void {
    if (this.ended !== undefined) return;
    const recorded = this.userWords;
    for (const { word } of this.given) if (!recorded.includes(word)) this.excused.add(word);
    // The word that is being said is cut in two.
    for (const word of this.#speaking?.words ?? []) this.excused.add(word);
    this.#conversation?.stop();
    this.#out.flush();
    this.#conversation = new Conversation(
      this.#deps(),
      reviveTurns(structuredClone(this.#state), this.#options.clock.now()),
    );
  }

  end(reason: EndReason): void {
    this.#conversation?.end(reason);
  }

  stop(): void {
    for (const forget of this.#forgets) forget();
    this.#forgets = [];
    this.#conversation?.stop();
  }

  get userWords(): number[] {
    return [...this.recorded.values()]
      .filter(({ speaker }) => speaker === "USER")
      .flatMap(({ text }) => [...text.matchAll(/w(\d+)/g)].map(([, word]) => Number(word)));
  }

  /** @returns what does not hold. */
  violations(): string[] {
    const wrong: string[] = [];
    const words = this.userWords;
    const counts = new Map<number, number>();
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    for (const [word, count] of counts) if (count > 1) wrong.push(`word ${word} stands there ${count} times`);
    for (const { word } of this.given)
      if (!counts.has(word) && !this.excused.has(word)) wrong.push(`word ${word} is lost`);
    const known = words.filter((word) => !this.excused.has(word));
    if (known.some((word, index) => index > 0 && word < (known[index - 1] ?? 0)))
      wrong.push(`out of order: ${known.join(" ")}`);
    if (this.recordedTwice > 0) wrong.push(`${this.recordedTwice} utterances were recorded twice`);
    if (this.ended === undefined) wrong.push("it did not end");
    const mine = [...this.recorded.values()].filter(({ speaker }) => speaker === "AI");
    for (const [index, { startMs }] of mine.entries())
      if (startMs < (mine[index - 1]?.endMs ?? 0))
        wrong.push(`utterance ${index} of the model lies over the one before`);
    for (const { text, startMs, speaker } of this.recorded.values()) {
      const [, first] = /w(\d+)/.exec(text) ?? [];
      const place = this.given.find(({ word }) => word === Number(first))?.atMs;
      if (
        speaker === "USER" &&
        place !== undefined &&
        !this.excused.has(Number(first)) &&
        Math.abs(place - startMs) > 1_500
      )
        wrong.push(`"${text}" is placed at ${startMs} ms, and was said at ${place} ms`);
    }
    return wrong;
  }

  #deps(): ConversationDeps {
    const { clock, openTalk, random } = this.#options;
    return {
      floor: {
        say: (samples) => this.#out.queue(samples),
        flush: () => {
          this.#out.flush();
          this.flushes += 1;
        },
      },
      openTalk: (emit) => openTalk(this.#handle, emit),
      listen: undefined,
      onRecord: (utterance) => {
        if (this.recorded.has(utterance.id)) this.recordedTwice += 1;
        else this.recorded.set(utterance.id, utterance);
      },
      onState: (state) => {
        this.#state = state;
      },
      onHandle: (handle) => {
        this.#handle = handle;
      },
      onEnd: (reason) => {
        this.ended = reason;
        for (const forget of this.#forgets) forget();
      },
      onAlone: () => undefined,
      clock,
      random,
    };
  }

  #speak(): void {
    const { clock, random, sentences, bargeIn } = this.#options;
    const isLost = clock.now() < this.#unheardUntil;
    const piece = new Int16Array(pieceSamples);
    const { phase } = this;
    const isTurn = phase === "listening" || phase === "interrupted" || phase === "resuming";
    const begins =
      !this.#speaking && this.#said < sentences && this.#quietMs > 1_500 && random() < (isTurn ? 0.2 : bargeIn);
    if (begins && this.#nextWord + 8 < maxWord) {
      const words = Array.from({ length: 2 + Math.floor(random() * 5) }, () => this.#nextWord++);
      this.#speaking = { samples: soundOf(words), words, at: 0 };
      this.#said += 1;
    }
    const speaking = this.#speaking;
    if (speaking) {
      piece.set(speaking.samples.subarray(speaking.at, speaking.at + pieceSamples));
      // A word is a piece, and so is the pause behind it.
      const word = speaking.words[speaking.at / (2 * pieceSamples)];
      if (word !== undefined && !isLost) this.given.push({ word, atMs: this.#trackMs });
      speaking.at += pieceSamples;
      if (speaking.at >= speaking.samples.length) this.#speaking = undefined;
      this.#quietMs = 0;
    } else this.#quietMs += pieceMs;
    const atMs = this.#trackMs;
    this.#trackMs += pieceMs;
    if (isLost) return;
    this.#conversation?.hear({ track: "mic", samples: piece, sampleRate: 16_000, atMs, flush: false, lostMs: 0 });
  }

  #play(): void {
    const { spoken } = this.#out.take((tickMs * pieceSamples) / pieceMs);
    const { turns = [] } = this.#conversation?.state ?? {};
    const goesOn = turns.some(({ isComplete, received, played }) => played > 0 && played >= received && !isComplete);
    this.#dryMs = spoken === 0 && goesOn ? this.#dryMs + tickMs : 0;
    this.longestCutMs = Math.max(this.longestCutMs, this.#dryMs);
    if (spoken > 0) this.#conversation?.played(this.#ownMs, spoken);
    this.#ownMs += tickMs;
  }

  #repeat(ms: number, what: () => void): void {
    this.#forgets.push(every(this.#options.clock, ms, what));
  }
}
