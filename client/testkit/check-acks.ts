/** What each ack must say, by a reference track that starts where the room's track stood. Pure. */
import { Failure } from "../../schemas/lib/failure.ts";
import { defaultTrack } from "../../schemas/names.ts";
import type { AckMessage, TrackStatus } from "../../schemas/wire/messages.ts";
import { ReferenceTrack } from "./reference-track.ts";

export interface TrackName {
  readonly sessionId: string;
  readonly track: string;
}

export class AckChecker {
  readonly track: ReferenceTrack;
  readonly #keyPattern: RegExp;
  readonly #before: TrackStatus;
  #acked = 0;

  /** @param before what `ready` said of the track. */
  constructor(name: TrackName, before: TrackStatus) {
    this.track = ReferenceTrack.after(before);
    this.#keyPattern = new RegExp(`^${chunkPrefixPattern(name)}(\\d{8})\\.pcm$`);
    this.#before = before;
  }

  get acked(): number {
    return this.#acked;
  }

  /** Acks of what an earlier run had left. */
  get duplicates(): number {
    return this.track.duplicates - this.#before.duplicate_chunks;
  }

  /**
   * @param ownSha256 of the bytes that were sent, in hex.
   * @throws Failure naming the first field that differs.
   */
  check(ack: AckMessage, ownSha256: string): void {
    const status = this.track.keep(ack.seq, ownSha256);
    const expected = { status, sha256: ownSha256, ...this.track.ackFields() };
    for (const [field, value] of Object.entries(expected)) {
      const said = ack[field as keyof typeof expected];
      if (said !== value) throw differs(ack, field, said, value);
    }
    if (Number(this.#keyPattern.exec(ack.key)?.[1]) !== ack.seq)
      throw differs(ack, "key", ack.key, "the key of that chunk");
    this.#acked += 1;
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

function differs(ack: AckMessage, field: string, said: unknown, expected: string | number): Failure {
  return new Failure(`The ack of seq ${ack.seq} has ${field} ${String(said)}; expected ${expected}.`);
}
