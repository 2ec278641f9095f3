/** What a capture takes, tells and fails with. */
import type { Encoding } from "../../schemas/wire/codec.ts";
import { defaultTrack } from "../../schemas/name-patterns.ts";
import type { ChannelFault } from "./channel-watch.ts";
import type { Outbox, OutboxOrigin } from "./outbox.ts";
import type { OutboxRetrying } from "./outbox-retry.ts";
import type { PcmFormat } from "./pcm-framer.ts";
import type { SeqRange } from "./seq-set.ts";
import type { LossCode } from "./uplink.ts";

export interface CaptureOptions {
  /** Of the gateway: `https://…`, `http://…`, `wss://…` or `ws://…`. */
  readonly baseUrl: string;
  readonly sessionId: string;
  readonly track?: string;
  /** Of the samples that `write` gets. */
  readonly format: PcmFormat;
  /** Default: in memory, ten minutes. */
  readonly outbox?: Outbox;
  /**
   * Seconds of a live source that memory takes (32 kB each) while the outbox's store is full or fails; they go to the room from
   * there. Beyond it `write` refuses. Default: 600. 0: none, and a store that fails for long ends the capture.
   */
  readonly maxUnsavedSeconds?: number;
  /**
   * A session token, or an API key that may write. Asked before every connection, also after one that ended because the
   * last token had expired. What it throws counts as a failed attempt.
   */
  readonly token?: () => string | Promise<string>;
  readonly encoding?: Encoding;
  readonly clientId?: string;
  /** For runtimes without a global WebSocket: that of the package `ws`. */
  readonly WebSocket?: unknown;
  /**
   * What tells this source from others, where it can be read again: a file's size and hash, say. With an outbox that
   * survives the process, another source is refused (OutboxMismatchError) instead of being taken for the rest of this one.
   */
  readonly source?: string;
  /** Lets an outbox go on with another source, behind what is there, or with another gateway. */
  readonly mayChange?: OutboxOrigin["mayChange"];
  /**
   * Lets this capture follow behind audio of the track that its outbox never sent. Default: it fails with `other_audio`, and the
   * track is left to whoever streams it. An outbox in memory knows nothing of what an earlier process sent.
   */
  readonly append?: boolean;
  /** A source that runs in real time: time without samples becomes a gap. Files are not live. Default false. */
  readonly live?: boolean;
  /**
   * Whether those who listen to the meeting now hear what is written, as it is written. Default: as `live`. False for a program that
   * sends live audio of its own with `capture.live.send`, as a voice does that may be interrupted.
   */
  readonly liveAudio?: boolean;
  /** Wall clock, ms since 1970: noted with each second, and never subtracted. */
  readonly now?: () => number;
  /**
   * A clock that runs on steadily, ms, whatever the wall clock is set to, and while the machine sleeps: tells a live source's
   * pauses. Default: `performance.now`, which may stand still while the machine sleeps; then the room is asked what a jump of the
   * wall clock was, and where it can't be asked in time it counts as sleep.
   */
  readonly elapsed?: () => number;
  readonly random?: () => number;
  readonly times?: Partial<CaptureTimes>;
}

/** How long a capture waits before it acts, ms. */
export interface CaptureTimes {
  /** Silence of the room after which it is pinged. */
  readonly pingAfterMs: number;
  /** Silence after which the connection is taken for dead: the network went away without a word. */
  readonly deadAfterMs: number;
  /** How long a second, a greeting or an end may wait for an answer while none of them gets one. */
  readonly answerTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** How long the token provider may take. */
  readonly tokenTimeoutMs: number;
  /** How late a live source may be before the time counts as lost. */
  readonly stallMs: number;
  /** How long the outbox's store may fail before the capture does. */
  readonly outboxGiveUpMs: number;
}

export const defaultTimes: CaptureTimes = {
  pingAfterMs: 10_000,
  deadAfterMs: 25_000,
  answerTimeoutMs: 20_000,
  connectTimeoutMs: 10_000,
  tokenTimeoutMs: 30_000,
  stallMs: 1_500,
  outboxGiveUpMs: 120_000,
};

/** Whose seconds an outbox holds. */
export function ownerOf(options: CaptureOptions): string {
  return `${options.sessionId}/${trackOf(options)}`;
}

/** Where an outbox's seconds come from and go to. */
export function originOf({ baseUrl, source, mayChange }: CaptureOptions): OutboxOrigin {
  return { gateway: gatewayOf(baseUrl), source, mayChange };
}

/** One spelling for all addresses of a gateway: wss and https, with a slash at the end or not, each name of this machine. */
export function gatewayOf(baseUrl: string): string {
  const { protocol, host, pathname } = new URL(baseUrl);
  const place = host.replace(/^(localhost|\[::1\])(?=:|$)/, "127.0.0.1");
  return `${protocol.replace(/^ws/, "http")}//${place}${pathname.replace(/\/+$/, "")}`;
}

export function trackOf({ track }: CaptureOptions): string {
  return track ?? defaultTrack;
}

/** The WebSocket address of the track. */
export function ingestUrl(options: CaptureOptions): string {
  const url = new URL(options.baseUrl);
  url.protocol = url.protocol.replace(/^http/, "ws");
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/audio/ws/${options.sessionId}/${trackOf(options)}`;
  return url.href;
}

export interface CaptureEnd {
  /** Whether the room keeps every second up to the end. */
  readonly complete: boolean;
  /**
   * Seconds that the room lacks and this client can't supply; the first 64 ranges of them. Empty and not complete:
   * the room refused the end, because the track has audio beyond it that is not this client's.
   */
  readonly missing: readonly SeqRange[];
  /** Seconds that the room refused for good in this run, each told by a `lost` event. */
  readonly lost: readonly SeqRange[];
}

export interface CaptureEvents {
  /** The room greeted this connection. `resending`: seconds in the outbox that it does not have. */
  connected: { readonly reconnects: number; readonly resending: number };
  /** An open connection ended: the room's close code, 1006 where it just broke. It will come back. */
  disconnected: { readonly code: number; readonly reason: string };
  /** The next attempt to connect is made after this pause. `reason`: what became of the last one. */
  retrying: { readonly attempt: number; readonly afterMs: number; readonly reason: string };
  /** The room takes no more for now; what it refused is sent again, not before this pause is over. */
  limited: { readonly afterMs: number; readonly detail: string };
  /** The room keeps one more second. Once a second. */
  acked: { readonly seq: number };
  /**
   * A second is kept, and the room says what about it can't be right: `doubtful_timestamp` where `endedAt` was no ms since 1970, or
   * this machine's clock is wrong. Each code is told once, with the first second that has it.
   */
  warning: { readonly code: string; readonly detail: string; readonly seq: number };
  /** Seconds captured and not known to be kept, whenever that changes. */
  lag: { readonly seconds: number };
  /** Seconds that are left out of the timeline, so that later ones keep their place. */
  gap: { readonly from: number; readonly to: number };
  /** A live source has given nothing for this long. */
  stalled: { readonly ms: number };
  /** Averaging the channels of the source loses sound: name one as `format.channel`. Each fault is told once. */
  channels: ChannelFault;
  /** The outbox's store failed in a way that may pass; the same step is tried again after this pause. */
  outboxRetrying: OutboxRetrying;
  /** The store does what is asked of it again, and has all that it is to have. */
  outboxRecovered: Readonly<Record<string, never>>;
  /** Somebody listens to the meeting now, or nobody does any more: whether `live.send` is of use. */
  listeners: { readonly isHeard: boolean };
  /** So many seconds are in memory alone, because the store of a live source's outbox is full or fails. */
  unsaved: { readonly seconds: number };
  /** The outbox is full: `write` refuses until the room has taken some. */
  full: { readonly seconds: number };
  /** There is room in the outbox again. */
  space: { readonly seconds: number };
  /** The track has other audio under these numbers; seconds that were never sent got higher ones. */
  renumbered: { readonly from: number; readonly to: number; readonly by: number };
  /** A second that the room will never keep. `ack_mismatch`: it keeps other bytes; the outbox set the second aside. */
  lost: { readonly seq: number; readonly code: LossCode; readonly detail: string };
  /** The capture is over before its end: what is in the outbox stays there. */
  failed: { readonly code: string; readonly detail: string };
  ended: CaptureEnd;
}

/**
 * `code` is a wire error's (`session_finalized`, `superseded`, `unauthorized` …), or `outbox` (the store
 * failed), `ack_mismatch` (something on the way changes what is sent), `other_audio` (the track has audio that is not from this
 * outbox: see `append`), `closed` (by `close`), `ended` (nothing more can be written).
 */
export class CaptureFailedError extends Error {
  override readonly name = "CaptureFailedError";
  readonly code: string;
  /** With `other_audio`: so many seconds the track has from elsewhere. */
  readonly seconds: number | undefined;

  constructor(
    code: string,
    detail: string,
    { seconds, ...options }: ErrorOptions & { readonly seconds?: number } = {},
  ) {
    super(detail, options);
    this.code = code;
    this.seconds = seconds;
  }
}

export function trackEndedFailure(): CaptureFailedError {
  return new CaptureFailedError("ended", "The track has ended; nothing can follow. Take another track or session.");
}
