/**
 * The outbox: where a captured second waits until the room keeps it. One outbox belongs to one track of one
 * session, and to one writer at a time.
 *
 * What every implementation guarantees (test/client/outbox.contract.ts): `put` resolves only when the second
 * would survive what the store survives; `load` after a crash finds every second that was put and not
 * removed, and a `nextSeq` above every number ever used; a full store refuses new seconds and keeps the old; a
 * crash in the middle of any call leaves the outbox as it was before the call or after it.
 */
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { wireLimits } from "../../schemas/wire/wire-limits.ts";
import type { SeqRange } from "./seq-set.ts";

export interface OutboxFrame {
  readonly seq: number;
  /** Wall clock at capture, ms since 1970; kept in whole ms. */
  readonly timestampMs: number;
  /** 32,000 bytes, s16le. */
  readonly pcm: Uint8Array;
}

/** The source had ended: nothing follows `lastSeq`. */
export interface OutboxEnd {
  readonly lastSeq: number;
  readonly paddingSamples: number;
}

/** What an earlier run left. */
export interface OutboxContents {
  /** Seconds not known to be kept. */
  readonly unacked: readonly SeqRange[];
  /** The next free number. */
  readonly nextSeq: number;
  /** No second from this number on was ever sent, so that no room can have it; `nextSeq` where each may have been. */
  readonly unsentFrom: number;
  /** How far the source came: seconds captured and left out, over all runs with it. */
  readonly sourceSeconds: number;
  /** When the last second that was put or left out ended, by the wall clock of whoever captured it; ms since 1970. */
  readonly lastEndedAt: number | undefined;
  /** Set when the source had ended, all of it was put, and nothing was put or skipped since. */
  readonly end: OutboxEnd | undefined;
}

/** What the seconds of an outbox come from and go to, beside session and track: continuing means continuing with the same. */
export interface OutboxOrigin {
  /** Address of the gateway: where another one has numbered and kept what came before, this one lacks it. */
  readonly gateway?: string | undefined;
  /** What tells a source that can be read again from others, such as a file's size and hash. */
  readonly source?: string | undefined;
  /** What may be another than before: then seconds go to that gateway, or the source begins anew behind the old one. */
  readonly mayChange?: { readonly gateway?: boolean; readonly source?: boolean } | undefined;
}

export interface Outbox {
  /**
   * A capture begins. Rejects with OutboxMismatchError where the outbox is another track's, another gateway's or another source's.
   * @param owner session and track.
   */
  bind(owner: string, origin?: OutboxOrigin): Promise<void>;
  load(): Promise<OutboxContents>;
  /**
   * Numbers only rise: one below `nextSeq`, and a frame out of shape, reject with RangeError.
   * @returns false, having stored nothing, where the outbox or the disk is full.
   */
  put(frame: OutboxFrame): Promise<boolean>;
  read(seq: number): Promise<OutboxFrame | undefined>;
  /** Numbers that are not there are passed over. */
  remove(seqs: readonly number[]): Promise<void>;
  /** Leaves numbers out: the next second is `nextSeq`. A lower one changes nothing. */
  skipTo(nextSeq: number): Promise<void>;
  /** The source's end, stored before its last seconds are: it counts once they are all there. */
  setEnd(end: OutboxEnd): Promise<void>;
  /**
   * Notes that no second from this number on was ever sent, and that none will be before `release`. Where it was
   * noted before and not released, the earlier note stands. On a full disk it may be forgotten.
   */
  hold(seq: number): Promise<void>;
  /**
   * Makes the numbers of all that was never sent higher, and that of the end with them, in one durable step. From now
   * on they may be sent. @returns where the source's end lies now.
   */
  release(by: number): Promise<OutboxEnd | undefined>;
  /** Takes a second out of what is to be sent; what survives a crash keeps its bytes, for a person to look at. */
  setAside(seq: number): Promise<void>;
  /**
   * What an error of these calls says of the store: a fault that may pass (the store is as it was before the call or after
   * it, and the same call may be made again), or that it is full. Undefined: neither.
   */
  faultOf?(cause: unknown): OutboxFault | undefined;
  /** Lets go of the store; what is in it stays. */
  close(): Promise<void>;
}

export type OutboxFault = "passing" | "full";

/** Another writer has this outbox open. */
export class OutboxLockedError extends Error {
  override readonly name = "OutboxLockedError";
}

export type OutboxMismatch = "owner" | "gateway" | "source";

/** The outbox holds seconds of another session or track, for another gateway, or of another source. */
export class OutboxMismatchError extends Error {
  override readonly name = "OutboxMismatchError";
  readonly differs: OutboxMismatch;
  /** Whether `mayChange` lets it go on; a track that was captured to its end takes nothing more. */
  readonly mayChange: boolean;

  constructor(differs: OutboxMismatch, message: string, mayChange = differs !== "owner") {
    super(message);
    this.differs = differs;
    this.mayChange = mayChange;
  }
}

/** The store can't do this step for now; nothing has changed. */
export class OutboxUnavailableError extends Error {
  override readonly name = "OutboxUnavailableError";

  constructor(options?: ErrorOptions) {
    super("The outbox's store does not answer for now.", options);
  }
}

/** What is stored can't be trusted; the message says what to do. */
export class OutboxDamagedError extends Error {
  override readonly name = "OutboxDamagedError";
}

/** @returns the frame with its time in whole ms. Throws RangeError where no outbox could keep it. */
export function checkedFrame(frame: OutboxFrame, nextSeq: number): OutboxFrame {
  const { seq, pcm } = frame;
  const timestampMs = Math.max(1, Math.round(frame.timestampMs));
  if (!Number.isInteger(seq) || seq > wireLimits.maxSeq) throw new RangeError(`no such seq: ${seq}`);
  if (seq < nextSeq) throw new RangeError(`seq ${seq} was used before; the next free one is ${nextSeq}`);
  if (pcm.byteLength !== chunkBytes) throw new RangeError(`a frame has ${chunkBytes} bytes, not ${pcm.byteLength}`);
  if (!Number.isSafeInteger(timestampMs)) throw new RangeError(`no such time: ${frame.timestampMs}`);
  return { seq, timestampMs, pcm };
}

/** @throws RangeError: NaN would be no limit. */
export function checkCapacity(maxFrames: number): void {
  if (!(maxFrames >= 1)) throw new RangeError(`maxFrames must be 1 or more, not ${maxFrames}`);
}
