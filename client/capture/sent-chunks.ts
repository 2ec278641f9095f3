/**
 * What was sent over this connection and not acked, with the hash of its bytes: whether an ack is for the bytes that
 * were sent, and which seconds it tells of. Decides nothing about what becomes of them.
 */
import { err, ok, type Result } from "../../schemas/lib/result.ts";
import { CaptureFailedError } from "./capture-types.ts";
import type { AckMessage } from "./read-message.ts";

/** Of acks with another hash in one run, after which it is no accident. */
export const maxMismatches = 8;

export function corruptionFailure(): CaptureFailedError {
  const detail = `The room acked other bytes than were sent, ${maxMismatches} times: something on the way changes them.`;
  return new CaptureFailedError("ack_mismatch", detail);
}

export class SentChunks {
  /** SHA-256 in hex; undefined where the platform can't hash. */
  readonly #hashes = new Map<number, string | undefined>();
  #mismatches = 0;

  add(seq: number, sha256: string | undefined): void {
    this.#hashes.set(seq, sha256);
  }

  /** Refused: no ack will come. */
  delete(seq: number): void {
    this.#hashes.delete(seq);
  }

  /** The connection is gone. Mismatches count on, since they are of the run. */
  clear(): void {
    this.#hashes.clear();
  }

  /** Whether there were so many acks with another hash that something on the way must change what is sent. */
  get isCorrupted(): boolean {
    return this.#mismatches >= maxMismatches;
  }

  /**
   * An ack tells of its own second, and of all before it that `contiguous_seq` covers: theirs may be lost.
   * @returns the seconds that are kept now, the ack's own first, or that the room keeps other bytes than were sent.
   */
  handleAck(ack: Omit<AckMessage, "type">): Result<readonly number[], "ack_mismatch"> {
    const { seq, sha256, contiguous_seq: contiguousSeq } = ack;
    const sentSha256 = this.#hashes.get(seq);
    const isOther = sentSha256 !== undefined && sentSha256 !== sha256;
    this.#hashes.delete(seq);
    if (isOther) {
      this.#mismatches += 1;
      return err("ack_mismatch");
    }
    const covered = [...this.#hashes.keys()].filter((sent) => sent <= contiguousSeq);
    for (const one of covered) this.#hashes.delete(one);
    return ok([seq, ...covered]);
  }
}
