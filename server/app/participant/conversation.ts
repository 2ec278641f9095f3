/**
 * A conversation under way: the turn machine between a model and the room. What the machine says is to be done is done here; what
 * happens is told to it, with the time. Knows neither a provider nor where anything is kept.
 */
import type { LivePiece } from "../../../client/embedding.ts";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { type Clock, every } from "./clock.ts";
import type { Talk, TalkEvent } from "./models/live-model.ts";
import { Mixer } from "./room/mixer.ts";
import { VoiceWatch } from "./room/voice-watch.ts";
import { RateChange } from "./models/rate-change.ts";
import { nextTurn } from "./turns/turn-machine.ts";
import type { TurnStep } from "./turns/turn-state.ts";
import type { EndReason, SpokenUtterance, TurnEffect, TurnInput, TurnState } from "./turns/turn-types.ts";

/** What the room is to a conversation. */
export interface Floor {
  say(samples: Int16Array): void;
  flush(): void;
}

export interface ConversationDeps {
  readonly floor: Floor;
  readonly openTalk: (emit: (event: TalkEvent) => void) => Talk;
  /** Tracks that are heard; all where it is undefined. */
  readonly listen: readonly string[] | undefined;
  readonly onRecord: (utterance: SpokenUtterance) => void;
  /** What another object goes on from. */
  readonly onState: (state: TurnState) => void;
  readonly onHandle: (handle: string) => void;
  readonly onEnd: (reason: EndReason) => void;
  /** Nobody streams any more of those who were heard. */
  readonly onAlone: (tracks: readonly string[]) => void;
  readonly clock: Clock;
  readonly random: () => number;
}

const samplesPerMs = sampleRateHz / 1_000;
/** Of sound that was lost so much is a pause to the model: what was said before and behind it is not one word. */
const lostPauseMs = 250;
/** Places are rounded, and a change of rate holds a little back: what seems to be missing by less than this is not. */
const roundedMs = 20;
const tickMs = 500;
/** Whoever is there streams, silence too. */
const presentMs = 3_000;

interface Track {
  readonly watch: VoiceWatch;
  change: { readonly hz: number; readonly rate: RateChange } | undefined;
  endMs: number;
}

export class Conversation {
  readonly #deps: ConversationDeps;
  readonly #talk: Talk;
  readonly #mixer = new Mixer();
  readonly #tracks = new Map<string, Track>();
  readonly #pauses = new Set<() => void>();
  readonly #stopTicking: () => void;
  #state: TurnState;
  #lastPieceAt = 0;
  /** Inputs that came while one was worked on. */
  #waiting: (() => TurnStep)[] = [];
  #isBusy = false;
  /** Another object goes on, or nobody does: what still comes is nothing to this one. */
  #isStopped = false;
  #sound: Int16Array | undefined;

  /** @param begun the first step, of `beginTurns` or `reviveTurns`. */
  constructor(deps: ConversationDeps, begun: TurnStep) {
    this.#deps = deps;
    this.#state = begun.state;
    this.#talk = deps.openTalk((event) => this.#hearModel(event));
    this.#stopTicking = every(deps.clock, tickMs, () => this.#look());
    this.#run(() => begun);
  }

  get state(): TurnState {
    return this.#state;
  }

  /** Somebody's live audio. */
  hear({ track, samples, sampleRate, atMs, flush, lostMs }: LivePiece): void {
    const { listen } = this.#deps;
    const now = this.#deps.clock.now();
    this.#lastPieceAt = now;
    if (this.#state.aloneSince !== undefined) this.#tell({ type: "people", count: 1 });
    if (listen && !listen.includes(track)) return;
    // Whoever begins anew wants to be heard, whatever is said now.
    if (flush) this.interrupt();
    if (samples.length === 0) return;
    const known = this.#trackOf(track);
    const heard = sampleRate === sampleRateHz ? samples : this.#at16k(known, samples, sampleRate);
    const startMs = Math.round(atMs ?? known.endMs);
    const gapMs = known.endMs === 0 ? 0 : Math.round(startMs - known.endMs);
    const missingMs = Math.min(lostPauseMs, Math.max(lostMs, gapMs < roundedMs ? 0 : gapMs));
    known.endMs = startMs + heard.length / samplesPerMs;
    const { voiced } = known.watch.push(heard);
    if (voiced > 0) this.#tell({ type: "voice", track, startMs, endMs: Math.round(known.endMs) });
    if (missingMs > 0) this.#hand(track, new Int16Array(missingMs * samplesPerMs), now);
    this.#hand(track, heard, now);
  }

  #hand(track: string, samples: Int16Array, now: number): void {
    const mixed = this.#mixer.push(track, samples, now);
    if (mixed.length > 0) this.#talk.hear(new Uint8Array(mixed.buffer, mixed.byteOffset, mixed.byteLength));
  }

  /** Queued sound was heard, from there on of the participant's track. */
  played(atMs: number, samples: number): void {
    this.#tell({ type: "played", atMs, samples });
  }

  /** What is said now is not heard any further. */
  interrupt(): void {
    if (this.#state.turns.length === 0) return;
    this.#talk.interrupt?.();
    this.#tell({ type: "interrupted" });
  }

  end(reason: EndReason): void {
    this.#tell({ type: "end", reason });
  }

  /** Lets go of all, where another object goes on. */
  stop(): void {
    this.#isStopped = true;
    this.#stopTicking();
    for (const forget of this.#pauses) forget();
    this.#pauses.clear();
    this.#talk.close();
  }

  #trackOf(track: string): Track {
    const known = this.#tracks.get(track);
    if (known) return known;
    const made: Track = { watch: new VoiceWatch(), change: undefined, endMs: 0 };
    this.#tracks.set(track, made);
    return made;
  }

  #at16k(track: Track, samples: Int16Array, hz: number): Int16Array {
    if (track.change?.hz !== hz) track.change = { hz, rate: new RateChange(hz, sampleRateHz) };
    return track.change.rate.push(samples);
  }

  #look(): void {
    const now = this.#deps.clock.now();
    // A clock that was set back would have somebody here until it has caught up.
    this.#lastPieceAt = Math.min(this.#lastPieceAt, now);
    const isAlone = now - this.#lastPieceAt > presentMs;
    const isNews = isAlone && this.#state.aloneSince === undefined;
    this.#tell(isNews ? { type: "people", count: 0 } : { type: "tick" });
    if (isNews) this.#deps.onAlone([...this.#tracks.keys()]);
  }

  #hearModel(event: TalkEvent): void {
    switch (event.type) {
      case "audio":
        return this.#tell({ type: "audio", turn: event.turn, samples: event.samples.length }, event.samples);
      case "handle":
        this.#deps.onHandle(event.handle);
        return this.#tell({ type: "alive" });
      case "usage":
        // Of no turn, but of the bill.
        return this.#tell({ type: "alive" });
      case "closed":
        return this.#tell({ type: "lost" });
      case "done":
        return this.#tell({ type: "end", reason: "model_done" });
      case "asked":
      case "heard":
      case "retracted":
      case "said":
      case "turn_complete":
      case "interrupted":
        return this.#tell(event);
    }
  }

  #tell(input: TurnInput, sound?: Int16Array): void {
    this.#run(() => {
      this.#sound = sound;
      return nextTurn(this.#state, input, this.#deps.clock.now(), this.#deps.random());
    });
  }

  /** What an effect brings about, such as a turn's end, is told after the effects before it. */
  #run(step: () => TurnStep): void {
    if (this.#isStopped) return;
    this.#waiting.push(step);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
        const { state, effects } = next();
        const isNew = state !== this.#state || effects.length > 0;
        this.#state = state;
        for (const effect of effects) this.#do(effect);
        if (isNew) this.#deps.onState(state);
      }
    } finally {
      this.#isBusy = false;
    }
  }

  #do(effect: TurnEffect): void {
    const { floor, onRecord, onEnd } = this.#deps;
    switch (effect.type) {
      case "connect":
        return this.#after(effect.afterMs, () => void this.#connect());
      case "queue":
        if (this.#sound) floor.say(this.#sound);
        return undefined;
      case "flush":
        return floor.flush();
      case "record":
        return onRecord(effect.utterance);
      case "turn_over":
        return this.#talk.handleTurnOver?.(effect.turn, effect.playedSamples, effect.wasCut);
      case "hang_up":
        this.stop();
        return onEnd(effect.reason);
    }
  }

  async #connect(): Promise<void> {
    const connected = await this.#talk.connect();
    if (this.#isStopped) return;
    this.#tell(connected.ok ? { type: "connected", isRemote: this.#talk.isRemote } : { type: "lost" });
  }

  #after(ms: number, what: () => void): void {
    const forget = this.#deps.clock.after(ms, () => {
      this.#pauses.delete(forget);
      what();
    });
    this.#pauses.add(forget);
  }
}
