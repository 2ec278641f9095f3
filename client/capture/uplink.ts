/**
 * What a capture client does next: which second to send, which to forget, when to give up. A state machine
 * with no socket, no clock and no storage: `handle*` takes what happened and returns what to do, in order.
 *
 * Guarantees: a second is forgotten only when the room said that it is kept, or that it never will be
 * (then it is reported lost); at most `max_in_flight` seconds are on their way; after a reconnect only
 * what the room lacks is sent again (SPEC K6).
 */
import { wireErrors } from "../../schemas/wire/errors.ts";
import { Pace } from "./pace.ts";
import type { EndedMessage, ErrorMessage, ReadyMessage } from "./read-message.ts";
import { SeqSet, type SeqRange } from "./seq-set.ts";

/** Why a second is lost: the room's refusal, or that it keeps other bytes than were sent. */
export type LossCode = ErrorMessage["code"] | "ack_mismatch";

export type UplinkAction =
  /** Send this second. */
  | { readonly do: "send"; readonly seq: number }
  /** The room keeps these: the outbox may drop them. */
  | { readonly do: "forget"; readonly seqs: readonly number[] }
  /** The room will never keep this second. */
  | { readonly do: "lose"; readonly seq: number; readonly code: LossCode; readonly detail: string }
  /** Announce the end of the track. */
  | { readonly do: "send_end"; readonly lastSeq: number; readonly paddingSamples: number }
  /** Send nothing for at least so long, then call `handleWake`. */
  | { readonly do: "wait"; readonly ms: number }
  /**
   * Ended: nothing is left to send. `missing` are seconds that the room lacks and this client can't supply, the
   * first 64 ranges. Empty and not `complete`: the room refused the end itself, because the track has audio
   * beyond it that is not this client's.
   */
  | { readonly do: "finish"; readonly complete: boolean; readonly missing: readonly SeqRange[] };

/** The cooldown after a retryable error that does not say how long. */
const defaultCooldownMs = 1_000;
/** Whatever the room says: sending, being refused and sending again must not become a loop. */
const minCooldownMs = 100;

/** How long to send nothing after a retryable error, ms. */
export function cooldownMs({
  retry_after_ms: askedMs = defaultCooldownMs,
}: Pick<ErrorMessage, "retry_after_ms">): number {
  return Math.max(minCooldownMs, askedMs);
}

export interface End {
  readonly lastSeq: number;
  readonly paddingSamples: number;
}

export class Uplink {
  /** Seconds in the outbox: not known to be kept. */
  readonly #unacked: SeqSet;
  /** Those of them that are not on their way. */
  #unsent = new SeqSet();
  /** By number: whether it is sent for the first time in this run. */
  readonly #inFlight = new Map<number, boolean>();
  /** Captured in this run and never sent: whatever the room has under these numbers is not this audio. */
  readonly #neverSent = new SeqSet();
  #window = 0;
  readonly #pace = new Pace();
  #isCoolingDown = false;
  #end: End | undefined;
  #endSent = false;
  #finished = false;
  /** Highest seq the room is known to have or to expect. */
  #roomNextSeq = 1;

  /** @param unacked what an earlier run left in the outbox. */
  constructor(unacked: Iterable<SeqRange> = [], end?: End) {
    this.#unacked = SeqSet.of(unacked);
    this.#end = end;
  }

  /** Seconds captured and not known to be kept. */
  get lagSeconds(): number {
    return this.#unacked.size;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /**
   * Whether an answer of the room is due. If none comes for long on a connection that seems open, make a new
   * one: an answer that was lost on the way is told again by the next `ready`.
   */
  get isWaiting(): boolean {
    return this.#inFlight.size > 0 || (this.#endSent && !this.#finished);
  }

  /** The lowest number that is free on this track, as far as this client knows. */
  get nextSeq(): number {
    return Math.max((this.#unacked.last ?? 0) + 1, this.#roomNextSeq, (this.#end?.lastSeq ?? 0) + 1);
  }

  /** A new second lies in the outbox. Beyond an earlier end it takes that end back. */
  handleCaptured(seq: number): UplinkAction[] {
    this.#unacked.add(seq);
    this.#unsent.add(seq);
    this.#neverSent.add(seq);
    if (this.#end && seq > this.#end.lastSeq) this.#end = undefined;
    return this.#fill();
  }

  /** What was never sent, from `from` on, got numbers higher by `by`. */
  handleRenumbered(from: number, by: number): void {
    for (const seqs of [this.#unacked, this.#unsent, this.#neverSent]) seqs.shift(from, by);
  }

  /** Nothing follows `end.lastSeq`. */
  handleEnd(end: End): UplinkAction[] {
    this.#end = end;
    this.#endSent = false;
    return this.#fill();
  }

  /** The connection is gone: what was on its way may or may not have arrived. */
  handleDisconnected(): void {
    this.#window = 0;
    this.#isCoolingDown = false;
    this.#endSent = false;
    this.#inFlight.clear();
  }

  /** The room's greeting. @returns actions; what is neither missing nor ahead in `resume` is kept. */
  handleReady(ready: ReadyMessage): UplinkAction[] {
    this.#window = ready.limits.max_in_flight;
    this.#pace.announce(this.#window, ready.limits.max_realtime_factor);
    this.#roomNextSeq = Math.max(this.#roomNextSeq, ready.resume.next_seq);
    this.#inFlight.clear();
    this.#isCoolingDown = false;
    this.#endSent = false;
    const listed = SeqSet.of(ready.resume.missing);
    const truncated = ready.ingest.missing_chunks > listed.size;
    const lastKept = ready.resume.next_seq - 1;
    const knownUpTo = truncated ? Math.min(lastKept, listed.last ?? 0) : lastKept;
    const kept: number[] = [];
    const unsent = new SeqSet();
    for (const seq of this.#unacked) {
      // Beyond a list that was cut off nothing is known: sending again is safe, forgetting is not. What was
      // never sent is not kept, even if its number is: sent, it is either kept or refused aloud.
      if (seq <= knownUpTo && !listed.has(seq) && !this.#neverSent.has(seq)) kept.push(seq);
      else unsent.add(seq);
    }
    this.#unsent = unsent;
    return [...this.#forget(kept), ...this.#fill()];
  }

  handleAck(seq: number): UplinkAction[] {
    this.#inFlight.delete(seq);
    this.#unsent.delete(seq);
    this.#neverSent.delete(seq);
    this.#roomNextSeq = Math.max(this.#roomNextSeq, seq + 1);
    return [...this.#forget([seq]), ...this.#fill()];
  }

  /** The room acked other bytes than were sent: they stay there, and this second can't be had under its number. */
  handleMismatch(seq: number): UplinkAction[] {
    if (!this.#inFlight.delete(seq)) return [];
    this.#unacked.delete(seq);
    const detail = "The room acked other bytes than were sent: something on the way changes them.";
    return [{ do: "lose", seq, code: "ack_mismatch", detail }, ...this.#fill()];
  }

  /** A second could not be read for now, and was not sent. */
  handleUnread(seq: number): UplinkAction[] {
    const wasNeverSent = this.#inFlight.get(seq);
    if (wasNeverSent === undefined) return [];
    this.#inFlight.delete(seq);
    this.#unsent.add(seq);
    if (wasNeverSent) this.#neverSent.add(seq);
    this.#isCoolingDown = true;
    return [{ do: "wait", ms: defaultCooldownMs }];
  }

  /** An error about one second, or about `end`: later, or never. Others concern the connection. */
  handleError(error: ErrorMessage): UplinkAction[] {
    const { seq, code, detail } = error;
    // `end` goes out when nothing else is on its way, so that an error without a number can only mean it.
    const isAboutEnd = seq === undefined && this.#endSent && !this.#finished;
    const isAboutSecond = seq !== undefined && this.#inFlight.delete(seq);
    if (!isAboutEnd && !isAboutSecond) return [];
    if (wireErrors[code].retryable) {
      if (isAboutSecond) this.#unsent.add(seq);
      else this.#endSent = false;
      if (code === "rate_limited") this.#pace.handleRefused();
      this.#isCoolingDown = true;
      return [{ do: "wait", ms: cooldownMs(error) }];
    }
    // The connection ends with these: no verdict on the second. The shell comes back, or gives up as a whole.
    if ("closeCode" in wireErrors[code]) return [];
    if (!isAboutSecond) {
      this.#finished = true;
      return [{ do: "finish", complete: false, missing: [] }];
    }
    this.#unacked.delete(seq);
    return [{ do: "lose", seq, code, detail }, ...this.#fill()];
  }

  /** The cooldown is over. */
  handleWake(): UplinkAction[] {
    this.#isCoolingDown = false;
    this.#pace.handleCooledDown();
    return this.#fill();
  }

  /** The room's answer to `end`, which is sent only when every second of the outbox is acked or lost. */
  handleEnded(ended: EndedMessage): UplinkAction[] {
    if (!this.#endSent || this.#finished || ended.last_seq !== this.#end?.lastSeq) return [];
    this.#finished = true;
    return [{ do: "finish", complete: ended.complete, missing: ended.missing }];
  }

  #forget(seqs: readonly number[]): UplinkAction[] {
    const known = seqs.filter((seq) => this.#unacked.delete(seq));
    return known.length > 0 ? [{ do: "forget", seqs: known }] : [];
  }

  /** Sends as much as the window and the room's pace allow; the end goes out when all else is acked. */
  #fill(): UplinkAction[] {
    const actions: UplinkAction[] = [];
    if (this.#isCoolingDown) return actions;
    while (this.#inFlight.size < this.#window) {
      const seq = this.#unsent.first;
      if (seq === undefined) {
        this.#pace.handleCaughtUp();
        break;
      }
      const turn = this.#pace.take();
      if (!turn.ok) {
        this.#isCoolingDown = true;
        actions.push({ do: "wait", ms: turn.cooldownMs });
        break;
      }
      this.#unsent.delete(seq);
      this.#inFlight.set(seq, this.#neverSent.delete(seq));
      actions.push({ do: "send", seq });
    }
    const idle = this.#window > 0 && this.#unacked.first === undefined;
    if (this.#end && idle && !this.#endSent && !this.#finished) {
      this.#endSent = true;
      actions.push({ do: "send_end", ...this.#end });
    }
    return actions;
  }
}
