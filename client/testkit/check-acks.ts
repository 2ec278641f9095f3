/**
 * What each ack of a run must say, worked out from the track's status before it. The chunks are sent in
 * order from seq 1. Pure.
 */
import type { AckMessage, TrackStatus } from "../../schemas/wire/messages.ts";
import { defaultTrack } from "../../schemas/names.ts";
import { Failure } from "../../schemas/lib/failure.ts";

export interface TrackName {
  readonly sessionId: string;
  readonly track: string;
}

export class AckChecker {
  readonly #keyPattern: RegExp;
  readonly #expectedEnd: number;
  #missing: number;
  #lastSeq: number;
  #duplicateCount: number;
  #stored = 0;
  #duplicates = 0;

  /** @param before what `ready` said of the track. */
  constructor(name: TrackName, before: TrackStatus) {
    this.#keyPattern = new RegExp(`^${chunkPrefixPattern(name)}(\\d{8})\\.pcm$`);
    this.#expectedEnd = before.received_chunks + before.missing_chunks;
    this.#missing = before.missing_chunks;
    this.#lastSeq = before.last_seq;
    this.#duplicateCount = before.duplicate_chunks;
  }

  get acked(): number {
    return this.#stored + this.#duplicates;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  /**
   * @param ownSha256 of the bytes that were sent, in hex.
   * @throws Failure naming the first field that differs.
   */
  check(ack: AckMessage, ownSha256: string): void {
    if (ack.status === "duplicate") {
      // Only what an earlier run left may be one: nothing is sent twice.
      if (ack.seq > this.#lastSeq) throw differs(ack, "status", "stored");
      this.#duplicates += 1;
      this.#duplicateCount += 1;
    } else {
      this.#stored += 1;
      if (ack.seq <= this.#expectedEnd) this.#missing -= 1;
    }
    this.#lastSeq = Math.max(this.#lastSeq, ack.seq);
    if (Number(this.#keyPattern.exec(ack.key)?.[1]) !== ack.seq) throw differs(ack, "key", "the key of that chunk");
    if (ack.sha256 !== ownSha256) throw differs(ack, "sha256", ownSha256);
    if (ack.last_seq !== this.#lastSeq) throw differs(ack, "last_seq", this.#lastSeq);
    if (ack.missing_count !== this.#missing) throw differs(ack, "missing_count", this.#missing);
    if (ack.duplicate_count !== this.#duplicateCount) throw differs(ack, "duplicate_count", this.#duplicateCount);
    // All up to here was sent; what lies beyond, an earlier run may have left.
    if (ack.contiguous_seq < ack.seq || ack.contiguous_seq > this.#lastSeq)
      throw differs(ack, "contiguous_seq", `${ack.seq} to ${this.#lastSeq}`);
  }
}

/** The R2 keys of a track's chunks, up to the number. The client of a session does not know its tenant. */
export function chunkPrefixPattern({ sessionId, track }: TrackName): string {
  const folder = track === defaultTrack ? "" : `tracks/${track}/`;
  return `${sessionPrefixPattern(sessionId)}${folder}chunks/`;
}

/** The R2 keys of a session, as the start of a pattern. Of what an id may hold, only the dot means something there. */
export function sessionPrefixPattern(sessionId: string): string {
  return `(?:tenants/[a-z0-9-]+/)?sessions/${sessionId.replaceAll(".", "\\.")}/`;
}

function differs(ack: AckMessage, field: keyof AckMessage, expected: string | number): Failure {
  return new Failure(`The ack of seq ${ack.seq} has ${field} ${ack[field]}; expected ${expected}.`);
}
