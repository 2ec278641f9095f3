/**
 * A capture's live audio on its way out (SPEC W15, W16): sent while somebody listens, and never kept, repeated or waited for. It
 * gives way to what is kept: while the connection is behind, or where it would be more than a room passes on, it is dropped.
 */
import { liveSampleRatesHz, sampleRateHz } from "../../schemas/wire/audio.ts";
import { LiveCut, piecesOf } from "./live-cut.ts";
import { bytesOf } from "./s16le.ts";

/** Bytes that wait to leave this machine, above which live audio would delay the seconds that are kept. */
const maxWaitingBytes = 65_536;
/** A room passes on twice real time, and a second of it at once. */
const maxRealtimeFactor = 2;
const burstMs = 1_000;

type Message = Readonly<Record<string, unknown>>;

/** The connection, once the room has greeted it. */
export interface LiveWay {
  /** Bytes that were given to the socket and have not left this machine. */
  readonly waitingBytes: number;
  /** @returns whether it went out. */
  readonly post: (message: Message, pcm: Uint8Array) => boolean;
}

export interface LiveSendOptions {
  /** Of these samples. Default: 16,000. */
  readonly sampleRate?: (typeof liveSampleRatesHz)[number];
  /** Where the first sample lies on the track's timeline, ms. Captions are placed by it. */
  readonly atMs?: number;
  /** Players drop what they have queued of this track, and begin with this: a voice that was interrupted, say. */
  readonly flush?: boolean;
}

export class LiveOutlet {
  readonly #now: () => number;
  readonly #onListeners: (isHeard: boolean) => void;
  readonly #cut = new LiveCut();
  #way: LiveWay | undefined;
  #isWanted = false;
  #wasHeard = false;
  /** When more may be sent at the highest rate. */
  #dueAt = 0;

  /** @internal A capture makes its own. @param onListeners is called whenever `isHeard` changes. */
  constructor(onListeners: (isHeard: boolean) => void, now: () => number = () => performance.now()) {
    this.#onListeners = onListeners;
    this.#now = now;
  }

  /** Whether somebody else listens to the meeting now, over a connection that stands. */
  get isHeard(): boolean {
    return this.#way !== undefined && this.#isWanted;
  }

  /**
   * Sends live audio of the capture's track, mono, at the pace it is to be played, or up to twice as fast. It goes past the chunks:
   * what shall be kept is written to the capture as well, whose own live audio is turned off with `liveAudio: false`.
   * @returns whether all of it went out. Else it is gone: nobody listens, there is no connection or a slow one, or it came too fast.
   */
  send(samples: Int16Array, { sampleRate = sampleRateHz, atMs, flush = false }: LiveSendOptions = {}): boolean {
    if (!(liveSampleRatesHz as readonly number[]).includes(sampleRate))
      throw new RangeError(`sampleRate must be one of ${liveSampleRatesHz.join(", ")}, not ${sampleRate}`);
    if (samples.length === 0 && !flush) return this.isHeard;
    let offset = 0;
    let isSent = true;
    for (const piece of piecesOf(samples, sampleRate)) {
      const at = atMs === undefined ? {} : { at_ms: atMs + (offset * 1_000) / sampleRate };
      const message = { type: "live", sample_rate: sampleRate, ...at, ...(flush && offset === 0 ? { flush } : {}) };
      isSent = this.#post(message, piece, sampleRate) && isSent;
      offset += piece.length;
    }
    return isSent;
  }

  /** Has players drop what they have queued of the track. @returns whether it went out. */
  flush(): boolean {
    return this.send(new Int16Array(0), { flush: true });
  }

  /** @internal The capture's samples at 16 kHz. @param at place of the first on the track's timeline, in samples. */
  take(samples: Int16Array, at: number): void {
    if (!this.isHeard) return this.#cut.clear();
    for (const part of this.#cut.push(samples, at))
      this.#post({ type: "live", sample_rate: sampleRateHz, at_ms: part.atMs }, part.samples, sampleRateHz);
  }

  /** @internal @param isWanted what the room says: whether somebody listens. */
  handleListeners(isWanted: boolean): void {
    this.#isWanted = isWanted;
    this.#tell();
  }

  /** @internal @param way the connection that the track belongs to now; undefined once it is over. */
  handleConnection(way: LiveWay | undefined): void {
    this.#way = way;
    if (!way) this.#isWanted = false;
    this.#tell();
  }

  #tell(): void {
    if (this.isHeard === this.#wasHeard) return;
    this.#wasHeard = this.isHeard;
    this.#onListeners(this.isHeard);
  }

  #post(message: Message, samples: Int16Array, rateHz: number): boolean {
    if (!this.#way || !this.#isWanted || this.#way.waitingBytes > maxWaitingBytes) return false;
    const now = this.#now();
    const dueAt = Math.max(this.#dueAt, now) + (samples.length * 1_000) / rateHz / maxRealtimeFactor;
    // What rounding adds up to is not too much.
    if (dueAt > now + burstMs + 0.01) return false;
    this.#dueAt = dueAt;
    return this.#way.post(message, bytesOf(samples));
  }
}
