/**
 * The meeting as it is heard: all of its tracks together, or one alone. One clock (`nowMs`) for whoever shows a place in it. The
 * longest track leads, and the others follow it.
 *
 * Knows nothing of what is drawn.
 */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { plainWords } from "../api/plain-words.ts";
import { mediaToken } from "./media-token.ts";
import type { Meeting } from "./meeting.ts";
import { nextSpeechMs } from "./speech-ahead.ts";
import { Voice } from "./voice.ts";

const tickMs = 100;
/** What must have come since, before a file that has been played to its end is asked for again. */
const leastGrowthMs = 1_500;

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
  readonly #lengths: ReadonlySignal<ReadonlyMap<string, number>>;
  #ticking: ReturnType<typeof setInterval> | undefined;

  constructor(meeting: Meeting) {
    this.#meeting = meeting;
    this.#token = mediaToken(meeting.sessionId);
    this.#lengths = computed(
      () => new Map(meeting.tracks.value.map(({ track, last_seq }) => [track, last_seq * 1_000])),
    );
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
    this.#ticking ??= setInterval(() => this.#tick(), tickMs);
    const heard = this.#heard();
    for (const voice of this.#voices.values()) if (!heard.includes(voice)) voice.pause();
    try {
      await Promise.all(heard.map((voice) => voice.playFrom(ms, this.#lengthOf(voice), this.rate.value)));
    } catch (cause) {
      // A pause, or another place that was chosen, ends a play that was under way.
      if (cause instanceof DOMException && cause.name === "AbortError") return;
      this.#fail(isNotAllowed(cause) ? "The browser plays nothing before a click: press play." : plainWords(cause));
    }
  }

  #tick(): void {
    const leader = this.#leader();
    if (!leader) return;
    this.isWaiting.value = leader.isWaiting;
    if (leader.isWaiting) return;
    const now = leader.nowMs;
    if (now > this.nowMs.value || now < this.nowMs.value - tickMs) this.nowMs.value = now;
    for (const voice of this.#heard()) if (voice !== leader) voice.follow(now);
    const next = this.skipsSilence.value ? nextSpeechMs(this.#meeting.turns.value, now) : undefined;
    if (next !== undefined) void this.#playFrom(next);
  }

  /** The end of what is loaded: of the meeting, or of what there was of it. */
  #ended(voice: Voice): void {
    if (voice !== this.#leader() || !this.isPlaying.value) return;
    const now = voice.nowMs;
    if (this.#lengthOf(voice) > now + leastGrowthMs) return void this.#playFrom(now);
    if (!this.#meeting.isLive.value) {
      this.nowMs.value = this.#lengthOf(voice);
      return this.pause();
    }
    this.isWaiting.value = true;
    setTimeout(() => this.#ended(voice), leastGrowthMs);
  }

  #fail(words: string): void {
    this.pause();
    this.problem.value = words;
  }

  #heard(): readonly Voice[] {
    const only = this.onlyTrack.value;
    return [...this.#lengths.value.keys()]
      .filter((track) => only === undefined || track === only)
      .map((track) => this.#voice(track));
  }

  #voice(track: string): Voice {
    const known = this.#voices.get(track);
    if (known) return known;
    const voice = new Voice(this.#meeting.sessionId, track, this.#token, {
      onEnded: () => this.#ended(voice),
      onProblem: () => this.#fail("The audio can't be read at the moment. Press play to try again."),
    });
    this.#voices.set(track, voice);
    return voice;
  }

  #leader(): Voice | undefined {
    return this.#heard().toSorted((a, b) => this.#lengthOf(b) - this.#lengthOf(a))[0];
  }

  #lengthOf(voice: Voice): number {
    return this.#lengths.value.get(voice.track) ?? 0;
  }

  #within(ms: number): number {
    return Math.min(Math.max(0, ms), this.durationMs.value);
  }
}

function isNotAllowed(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === "NotAllowedError";
}
