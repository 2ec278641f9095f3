/**
 * Who speaks in a conversation with a model (SPEC Y1–Y4). Pure: what happens goes in with the time, what is to be done comes out.
 * Guarantees: what is cut off is flushed before anything new is queued; an utterance is recorded once, and of the model's own words
 * no more than was played; every conversation ends. Knows no provider, no socket and no sound, only how many samples there are.
 */
import { isWithin } from "../../../shared/lib/cooldown.ts";
import { newTurn, playedTurns, stillWaits, textPlayed, type TurnStep, waitedMs } from "./turn-state.ts";
import { backoffMs } from "../../../../schemas/lib/backoff.ts";
import { allOver, answeredVoices, firstVoices, overBefore, spokenUntil, voicesIn, withVoice } from "./voices.ts";
import { turnTimes } from "./turn-times.ts";
import type { AiTurn, EndReason, SpokenUtterance, TurnEffect, TurnInput, TurnState, Voice } from "./turn-types.ts";

const reconnect = { firstMs: 250, maxMs: 8_000, least: "half" } as const;
const maxFailures = 8;

const signsOfLife: ReadonlySet<TurnInput["type"]> = new Set([
  "alive",
  "asked",
  "heard",
  "audio",
  "said",
  "turn_complete",
  "interrupted",
]);

/** @param random from 0 to 1, for pauses. */
export function nextTurn(state: TurnState, input: TurnInput, now: number, random = 0.5): TurnStep {
  if (state.ended !== undefined) return { state, effects: [] };
  const run = new Run(state, now);
  run.take(input, random);
  run.look();
  return { state: run.state, effects: run.effects };
}

/**
 * Goes on in another object: what was queued is lost, and recorded as far as it was known to be played. So is what people said and no model
 * has written down: words that come from now on are of what is said from now on.
 */
export function reviveTurns(state: TurnState, now: number): TurnStep {
  if (state.ended !== undefined) return { state, effects: [] };
  const run = new Run(state, now);
  run.cutAll();
  run.leaveVoices();
  run.state = { ...run.state, isConnected: false, lastTurn: 0 };
  if (run.state.closing) run.end(run.state.closing.reason);
  else run.effects.push({ type: "connect", afterMs: 0 });
  run.look();
  return { state: run.state, effects: run.effects };
}

/** One step: collects what is to be done while the state is made anew. */
class Run {
  state: TurnState;
  readonly effects: TurnEffect[] = [];
  readonly #now: number;

  constructor(state: TurnState, now: number) {
    this.state = state;
    this.#now = now;
  }

  take(input: TurnInput, random: number): void {
    if (signsOfLife.has(input.type)) this.#set({ modelAt: this.#now, silences: 0 });
    switch (input.type) {
      case "alive":
        return;
      case "connected":
        return this.#set({ isConnected: true, isRemote: input.isRemote ?? false, lastTurn: 0, connectedAt: this.#now });
      case "lost":
        return this.#lose(random);
      case "voice":
        return this.#addVoice(input);
      case "asked":
        return this.#set({ isAsked: true, wasInterrupted: false, voices: allOver(this.state.voices) });
      case "heard":
        // Words without a time, and without an end of their own, are of what was said last.
        if (this.state.heard === "" && !input.isFinal) this.#hearFirst();
        this.#set({ heard: `${this.state.heard}${input.text}`, failures: 0 });
        if (!input.isFinal) return;
        return this.#recordWords(
          input.spoken ? voicesIn(this.state.voices, input.spoken) : answeredVoices(this.state.voices),
        );
      case "retracted":
        return this.#set({ heard: this.state.heard.slice(0, Math.max(0, this.state.heard.length - input.chars)) });
      case "audio":
        return this.#hearModel(input.turn, { samples: input.samples, text: "" });
      case "said":
        return this.#hearModel(input.turn, { samples: 0, text: input.text });
      case "turn_complete":
        return this.#complete(input.turn, input.since);
      case "interrupted":
        return this.#interrupt(input.since);
      case "played":
        return this.#play(input.atMs, input.samples);
      case "people": {
        const { aloneSince } = this.state;
        return this.#set({ aloneSince: input.count > 0 ? undefined : (aloneSince ?? this.#now) });
      }
      case "end":
        return input.reason === "model_done" ? this.#close(input.reason) : this.end(input.reason);
      case "tick":
        return;
    }
  }

  /** Records what was heard to its end, and ends what is over. */
  look(): void {
    for (
      let [first] = this.state.turns;
      first?.isComplete && first.played >= first.received;
      [first] = this.state.turns
    )
      this.#finish(first, false);
    const { closing, turns, aloneSince, endsAt, ended } = this.state;
    if (ended !== undefined) return;
    this.#lookForLife();
    if (closing && (turns.length === 0 || this.#now >= closing.until)) this.end(closing.reason);
    else if (this.#now >= endsAt) this.end("time_limit");
    else if (aloneSince !== undefined && this.#now - aloneSince >= turnTimes.aloneMs) this.end("nobody_there");
  }

  end(reason: EndReason): void {
    if (this.state.ended !== undefined) return;
    this.cutAll();
    this.#recordHeard(this.state.voices.length);
    this.#set({ ended: reason, closing: undefined, isConnected: false });
    this.effects.push({ type: "hang_up", reason });
  }

  /** Nothing of what is queued is heard any more. */
  cutAll(): void {
    if (this.state.turns.some(({ received, played }) => received > played)) this.effects.push({ type: "flush" });
    for (const turn of this.state.turns) this.#finish(turn, true);
  }

  /** Whoever was heard, with the words that are known of it, is of the past. */
  leaveVoices(): void {
    if (this.state.heard === "") this.#set({ voices: [] });
    else this.#recordHeard(this.state.voices.length);
  }

  #set(change: Partial<TurnState>): void {
    this.state = { ...this.state, ...change };
  }

  #close(reason: EndReason): void {
    if (!this.state.closing) this.#set({ closing: { reason, until: this.#now + turnTimes.closingMs } });
    this.#completeAll();
  }

  /** What came is still heard. The model says the rest anew, or not at all. */
  #lose(random: number): void {
    this.#completeAll();
    const failures = this.state.failures + 1;
    this.#set({ isConnected: false, isAsked: false, failures });
    if (this.state.closing) return;
    if (failures > maxFailures) return this.end("model_failed");
    // The first one is worth coming back to at once: a provider replaces connections as a matter of course.
    const afterMs = failures === 1 ? 0 : backoffMs(reconnect, failures - 1, random);
    this.effects.push({ type: "connect", afterMs });
  }

  /** A connection over which nothing comes though somebody spoke may be half of one: it is replaced, more and more patiently. */
  #lookForLife(): void {
    const { isConnected, isRemote, closing, voices, turns, modelAt = 0, connectedAt = 0, silences = 0 } = this.state;
    const last = voices.at(-1);
    const isHeard = turns.some(({ received, played }) => received > played);
    if (!isConnected || !isRemote || closing || isHeard || !last) return;
    const spokeAt = Math.max(modelAt, connectedAt, spokenUntil(last));
    if (isWithin(turnTimes.silentMs * 2 ** Math.min(silences, 5), spokeAt, this.#now)) return;
    // A turn that broke off in its middle is over as well.
    this.#completeAll();
    this.#set({ isConnected: false, isAsked: false, silences: silences + 1 });
    this.effects.push({ type: "connect", afterMs: 0 });
  }

  #addVoice(voice: Omit<Extract<TurnInput, { type: "voice" }>, "type">): void {
    this.#leaveWordless();
    const { voices, heard } = this.state;
    const isNoise = (last: Voice): boolean => heard === "" && waitedMs(this.state, last) > turnTimes.newVoiceMs;
    this.#set({ isAsked: false, voices: withVoice(voices, voice, this.#now, isNoise) });
  }

  /** Words that came behind an answer are of what was answered; what got none by now was no word. */
  #leaveWordless(): void {
    const { voices, heard } = this.state;
    const over = voices.filter(({ isOver }) => isOver);
    const isNew = over.length === voices.length;
    if (isNew && over.length > 0 && heard !== "") return this.#recordHeard(over.length);
    this.#set({ voices: voices.filter((voice) => stillWaits(this.state, voice)) });
  }

  /** Words that come now are of a stretch that still waits for them, where there is one. */
  #hearFirst(): void {
    const waiting = this.state.voices.filter((voice) => stillWaits(this.state, voice));
    if (waiting.length > 0) this.#set({ voices: waiting });
  }

  #hearModel(turn: number, more: { readonly samples: number; readonly text: string }): void {
    const { turns, lastTurn, closing } = this.state;
    const found = turns.find((each) => each.turn === turn);
    // They are numbered upwards: one that would come before another that is there is none.
    const isLate = turn <= Math.max(lastTurn, turns.at(-1)?.turn ?? 0);
    if (closing || found?.isComplete || (!found && isLate)) return;
    const begun = found ?? newTurn(turn);
    if (!found) this.#set({ answeredAt: this.#now });
    const grown = { ...begun, text: begun.text + more.text, received: begun.received + more.samples };
    this.#set({ turns: found ? turns.map((each) => (each === found ? grown : each)) : [...turns, grown] });
    if (more.samples === 0) return;
    this.#set({ isAsked: false, wasInterrupted: false, failures: 0 });
    this.effects.push({ type: "queue" });
  }

  #complete(turn: number, since = 0): void {
    // What was heard before the answer was given is a turn of its own.
    this.#recordAnswered(this.state.voices.length, since);
    this.#set({
      isAsked: false,
      wasInterrupted: false,
      voices: overBefore(this.state.voices, this.#now - turnTimes.stillSpeaksMs),
      turns: this.state.turns.map((each) => (each.turn <= turn ? { ...each, isComplete: true } : each)),
    });
  }

  #completeAll(): void {
    this.#set({ turns: this.state.turns.map((each) => ({ ...each, isComplete: true })) });
  }

  #interrupt(since = 0): void {
    if (this.state.turns.length === 0) return;
    // What is being said now is what interrupts; what was heard before is what was answered.
    const { voices } = this.state;
    this.cutAll();
    this.#recordAnswered(voices.at(-1)?.isOver === false ? Math.max(1, voices.length - 1) : voices.length, since);
    this.#set({ wasInterrupted: true, isAsked: false });
  }

  #play(atMs: number, samples: number): void {
    this.#set({ turns: playedTurns(this.state.turns, { atMs, samples, now: this.#now }) });
  }

  #finish(turn: AiTurn, wasCut: boolean): void {
    const { turns, lastTurn } = this.state;
    this.#set({ turns: turns.filter((each) => each !== turn), lastTurn: Math.max(lastTurn, turn.turn) });
    const text = textPlayed(turn);
    const { startMs, endMs, at, played } = turn;
    if (played > 0) this.#record({ speaker: "AI", track: undefined, startMs, endMs, text, at });
    this.effects.push({
      type: "turn_over",
      turn: turn.turn,
      playedSamples: played,
      wasCut: wasCut && played < turn.received,
    });
  }

  /** @param count as of `recordHeard`. @param since what stays, to be answered yet: letters at the end of what was heard. */
  #recordAnswered(count: number, since: number): void {
    const { heard, voices, answeredAt = this.#now } = this.state;
    const before = heard.slice(0, Math.max(0, heard.length - since));
    if (before === "") return;
    this.#set({ heard: before });
    if (before === heard) return this.#recordHeard(count);
    this.#recordWords(voicesIn(voices, { from: 0, until: answeredAt }));
    this.#set({ heard: heard.slice(before.length) });
  }

  /** @param count of how many stretches of voice, the oldest ones, the words are. */
  #recordHeard(count: number): void {
    this.#recordWords(firstVoices(this.state.voices, count));
  }

  /** Records the words that were heard so far as one utterance. */
  #recordWords({ mine, rest }: { readonly mine: readonly Voice[]; readonly rest: readonly Voice[] }): void {
    const { heard, lastVoice: before } = this.state;
    // Of a voice too low to be noticed here, the place is that of the last one.
    const [first = before && { ...before, startMs: before.endMs, at: this.#now }] = mine;
    const own = mine.filter(({ track }) => track === first?.track);
    this.#set({ heard: "", voices: rest, lastVoice: own.at(-1) ?? before });
    this.#record({
      speaker: "USER",
      track: first?.track,
      startMs: first?.startMs ?? 0,
      endMs: Math.max(first?.endMs ?? 0, ...own.map(({ endMs }) => endMs)),
      text: heard,
      at: first?.at ?? this.#now,
    });
  }

  #record(utterance: Omit<SpokenUtterance, "id">): void {
    const text = utterance.text.replace(/\s+/g, " ").trim();
    if (text === "") return;
    const id = `${utterance.speaker.toLowerCase()}-${this.state.nextId}`;
    this.#set({ nextId: this.state.nextId + 1 });
    this.effects.push({ type: "record", utterance: { ...utterance, text, id } });
  }
}
