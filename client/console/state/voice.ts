/**
 * One track as it is heard: an `<audio>` element over the track's WAV, of which the browser fetches the ranges that it plays. A
 * file of a meeting that goes on is loaded anew once it has grown. Times are the track's own. Knows nothing of the other tracks.
 */
import { baseUrl } from "../api/gateway.ts";

/** Beyond it two tracks are heard to be apart. */
const maxDriftS = 0.15;
/** An address that was refused so lately is not tried again. */
const minRetryMs = 10_000;

export class Voice {
  readonly track: string;
  readonly #element = new Audio();
  readonly #url: string;
  readonly #token: (anew?: boolean) => Promise<string | undefined>;
  readonly #onProblem: () => void;
  /** Of the file that is loaded, ms; 0: none is. */
  #loadedMs = 0;
  /** What begins to play, as long as nothing else was asked for. */
  #starting: object | undefined;
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(
    sessionId: string,
    track: string,
    token: (anew?: boolean) => Promise<string | undefined>,
    onProblem: () => void,
  ) {
    this.track = track;
    this.#url = `${baseUrl}/v1/sessions/${encodeURIComponent(sessionId)}/audio.wav`;
    this.#token = token;
    this.#onProblem = onProblem;
    this.#element.preload = "none";
    this.#element.addEventListener("error", () => void this.#renew());
  }

  /** Whether it plays, or is about to. */
  get isPlaying(): boolean {
    return this.#starting !== undefined || !this.#element.paused;
  }

  /** Whether it has played all of the file that is loaded. */
  get isAtEnd(): boolean {
    return this.#element.ended;
  }

  get nowMs(): number {
    return this.#element.currentTime * 1_000;
  }

  /** The last second may be shorter than a second: the file that is loaded knows. @param keptMs of whole seconds. */
  lengthMs(keptMs: number): number {
    const { duration } = this.#element;
    return this.#loadedMs === keptMs && Number.isFinite(duration) ? duration * 1_000 : keptMs;
  }

  /** Whether it waits for audio to come. */
  get isWaiting(): boolean {
    return this.#starting !== undefined || this.#element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
  }

  /** Plays from there. Rejects where the browser does not let it. @param lengthMs what there is of the track now. */
  async playFrom(ms: number, lengthMs: number, rate: number): Promise<void> {
    const start = {};
    this.#starting = start;
    try {
      if (lengthMs > this.#loadedMs) await this.#load(lengthMs, false);
      // A pause, or another place, was chosen while the token was made.
      if (this.#starting !== start) return;
      this.#element.playbackRate = rate;
      this.#seek(ms);
      await this.#element.play();
    } finally {
      if (this.#starting === start) this.#starting = undefined;
    }
  }

  setRate(rate: number): void {
    this.#element.playbackRate = rate;
  }

  pause(): void {
    this.#starting = undefined;
    this.#element.pause();
  }

  /** Comes back to where the leading track is. */
  follow(ms: number): void {
    const { paused, currentTime } = this.#element;
    if (!paused && Math.abs(currentTime - ms / 1_000) > maxDriftS) this.#seek(ms);
  }

  /** Gives the connection back. */
  close(): void {
    this.#element.pause();
    this.#element.removeAttribute("src");
    this.#element.load();
  }

  #seek(ms: number): void {
    this.#element.currentTime = ms / 1_000;
  }

  async #load(lengthMs: number, anew: boolean): Promise<void> {
    const token = await this.#token(anew);
    const query = new URLSearchParams({ track: this.track, to_ms: String(Math.max(1, Math.floor(lengthMs))) });
    if (token !== undefined) query.set("token", token);
    this.#element.src = `${this.#url}?${query.toString()}`;
    this.#loadedMs = lengthMs;
  }

  /** An element does not say why it failed: once in a while that is a token that has ended. */
  async #renew(): Promise<void> {
    if (!this.#element.hasAttribute("src")) return;
    if (performance.now() < this.#renewedAt + minRetryMs) return this.#onProblem();
    this.#renewedAt = performance.now();
    const { currentTime, paused, playbackRate } = this.#element;
    try {
      await this.#load(this.#loadedMs, true);
      this.#element.playbackRate = playbackRate;
      this.#element.currentTime = currentTime;
      if (!paused) await this.#element.play();
    } catch {
      this.#onProblem();
    }
  }
}
