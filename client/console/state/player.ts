/**
 * The meeting as it is heard: all of its tracks together, each from where it begins, or one alone. One clock (`nowMs`) for whoever
 * shows a place in it.
 *
 * Knows nothing of what is drawn.
 */
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { plainWords } from "../api/plain-words.ts";
import { mediaToken } from "./media-token.ts";
import type { Meeting } from "./meeting.ts";
import { nextSpeechMs } from "./speech-ahead.ts";
import { Voice } from "./voice.ts";

const tickMs = 100;
/** What must have come since, before a file that has been played to its end is asked for again. */
const leastGrowthMs = 1_500;
/** So little is left of a track that it has ended. */
const edgeMs = 120;

export const rates = [0.75, 1, 1.25, 1.5, 2] as const;

export class Player {
  readonly nowMs = signal(0);
  readonly isPlaying = signal(false);
  /** It plays, and nothing is heard yet. */
  readonly isWaiting = signal(false);
  readonly rate = signal<number>(1);
  readonly skipsSilence = signal(false);
  /** The one track that is heard; undefined: all of them. */
  readonly onlyTrack = signal<string | undefined>(undefined);
  readonly problem = signal<string | undefined>(undefined);
  /** Counts the places that somebody chose, which views come back to. */
  readonly seeks = signal(0);
  readonly durationMs: ReadonlySignal<number>;

  readonly #meeting: Meeting;
  readonly #token: ReturnType<typeof mediaToken>;
  readonly #voices = new Map<string, Voice>();
  #tickedAt = 0;
  #ticking: ReturnType<typeof setInterval> | undefined;

  constructor(meeting: Meeting) {
    this.#meeting = meeting;
    this.#token = mediaToken(meeting.sessionId);
    this.durationMs = meeting.durationMs;
  }

  /** @returns what ends it. */
  open(): () => void {
    const stopRates = effect(() => {
      const rate = this.rate.value;
      for (const voice of this.#voices.values()) voice.setRate(rate);
    });
    return () => {
      stopRates();
      this.pause();
      for (const voice of this.#voices.values()) voice.close();
      this.#voices.clear();
    };
  }

  toggle(): void {
    if (this.isPlaying.value) return this.pause();
    // At the end of a meeting that is over, play begins it again.
    const isAtEnd = !this.#meeting.isLive.value && this.nowMs.value >= this.durationMs.value - tickMs;
    void this.#playFrom(isAtEnd ? 0 : this.nowMs.value);
  }

  playFrom(ms: number): void {
    this.seeks.value += 1;
    void this.#playFrom(this.#within(ms));
  }

  /** Goes there, and goes on playing if it does. */
  seek(ms: number): void {
    this.seeks.value += 1;
    this.nowMs.value = this.#within(ms);
    if (this.isPlaying.value) void this.#playFrom(this.nowMs.value);
  }

  skip(ms: number): void {
    this.seek(this.nowMs.value + ms);
  }

  listenTo(track: string | undefined): void {
    this.onlyTrack.value = track;
    if (this.isPlaying.value) void this.#playFrom(this.nowMs.value);
  }

  pause(): void {
    clearInterval(this.#ticking);
    this.#ticking = undefined;
    this.isPlaying.value = false;
    this.isWaiting.value = false;
    for (const voice of this.#voices.values()) voice.pause();
  }

  async #playFrom(ms: number): Promise<void> {
    this.problem.value = undefined;
    this.nowMs.value = ms;
    this.isPlaying.value = true;
    this.#tickedAt = performance.now();
    this.#ticking ??= setInterval(() => this.#tick(), tickMs);
    for (const voice of this.#voices.values()) voice.pause();
    await Promise.all(this.#voicesAt(ms, 0).map((voice) => this.#start(voice, ms)));
  }

  async #start(voice: Voice, ms: number): Promise<void> {
    const { beginMs, lengthMs } = this.#stretchOf(voice);
    try {
      await voice.playFrom(ms - beginMs, lengthMs, this.rate.value);
    } catch (cause) {
      // A pause, or another place that was chosen, ends a play that was under way.
      if (cause instanceof DOMException && cause.name === "AbortError") return;
      this.#fail(isNotAllowed(cause) ? "The browser plays nothing before a click: press play." : plainWords(cause));
    }
  }

  /** The clock is the audio's own, of the track that goes on longest; where no track has any, time passes all the same. */
  #tick(): void {
    const passedMs = (performance.now() - this.#tickedAt) * this.rate.value;
    this.#tickedAt += passedMs / this.rate.value;
    const leader = this.#voicesAt(this.nowMs.value, 0).find((voice) => voice.isPlaying || voice.isAtEnd);
    const hasEnded = this.nowMs.value >= this.#endMs() - edgeMs;
    this.isWaiting.value = leader ? leader.isWaiting : hasEnded || this.#voicesAt(this.nowMs.value, 0).length > 0;
    if (leader && (leader.isAtEnd || !leader.isWaiting))
      this.nowMs.value = this.#stretchOf(leader).beginMs + leader.nowMs;
    else if (!this.isWaiting.value) this.nowMs.value = Math.min(this.#endMs(), this.nowMs.value + passedMs);
    if (hasEnded && !this.#meeting.isLive.value) return this.#end();
    const now = this.nowMs.value;
    for (const voice of this.#voicesAt(now, this.#meeting.isLive.value ? leastGrowthMs : edgeMs))
      if (!voice.isPlaying) void this.#start(voice, now);
    for (const voice of this.#voicesAt(now, 0))
      if (voice !== leader) voice.follow(now - this.#stretchOf(voice).beginMs);
    const next = this.skipsSilence.value ? nextSpeechMs(this.#meeting.turns.value, now) : undefined;
    if (next !== undefined) void this.#playFrom(next);
  }

  #end(): void {
    this.pause();
    this.nowMs.value = this.#endMs();
  }

  #fail(words: string): void {
    this.pause();
    this.problem.value = words;
  }

  #heard(): readonly Voice[] {
    const only = this.onlyTrack.value;
    return this.#meeting.tracks.value
      .filter(({ track }) => only === undefined || track === only)
      .map(({ track }) => this.#voice(track));
  }

  #voice(track: string): Voice {
    const known = this.#voices.get(track);
    if (known) return known;
    const voice = new Voice(this.#meeting.sessionId, track, this.#token, () =>
      this.#fail("The audio can't be read at the moment. Press play to try again."),
    );
    this.#voices.set(track, voice);
    return voice;
  }

  /** The tracks that have at least so much of their audio still to come there, the longest first. */
  #voicesAt(ms: number, leastMs: number): readonly Voice[] {
    const end = (voice: Voice): number => this.#stretchOf(voice).endMs;
    return this.#heard()
      .filter((voice) => this.#stretchOf(voice).beginMs <= ms && ms + leastMs < end(voice))
      .toSorted((a, b) => end(b) - end(a));
  }

  #stretchOf(voice: Voice): { readonly beginMs: number; readonly lengthMs: number; readonly endMs: number } {
    const beginMs = this.#meeting.offsets.value.get(voice.track) ?? 0;
    const status = this.#meeting.tracks.value.find(({ track }) => track === voice.track);
    const lengthMs = voice.lengthMs((status?.last_seq ?? 0) * 1_000);
    return { beginMs, lengthMs, endMs: beginMs + lengthMs };
  }

  #endMs(): number {
    return Math.max(0, ...this.#heard().map((voice) => this.#stretchOf(voice).endMs));
  }

  #within(ms: number): number {
    return Math.min(Math.max(0, ms), this.durationMs.value);
  }
}

function isNotAllowed(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === "NotAllowedError";
}
