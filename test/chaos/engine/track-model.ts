/**
 * One track of a room, as its clients may know it. Of a frame that was never answered the outcome is unknown: such a
 * second is "maybe kept" until an answer or a status tells. Everything the room says is checked against that, and
 * narrows it. No sockets, no time.
 */
import { limits } from "../../../schemas/limits.ts";
import type { RoomMessage, TrackStatus } from "../../../schemas/wire/messages.ts";
import { type Ask, type Variant, variants } from "./plan.ts";
import { ReferenceTrack } from "../../../client/testkit/reference-track.ts";
import { hold, same, Violation } from "./violation.ts";

type Of<T extends RoomMessage["type"]> = Extract<RoomMessage, { type: T }>;
type ChunkAsk = Extract<Ask, { kind: "chunk" }>;
type EndAsk = Extract<Ask, { kind: "end" }>;

/** A second that is kept, or may be. */
interface Second {
  isSure: boolean;
  /** Which bytes it may have. */
  readonly variants: Set<Variant>;
}

/** What `end` may have announced last; seq 0 where nothing. */
interface End {
  readonly seq: number;
  readonly padding: number;
}

/** A counter, of which unanswered frames make two bounds. */
interface Bounds {
  min: number;
  max: number;
}

export class TrackModel {
  readonly track: string;
  readonly #seconds = new Map<number, Second>();
  /** Seconds that the room said it stored: it may say so once. */
  readonly #stored = new Set<number>();
  #ends: End[] = [{ seq: 0, padding: 0 }];
  readonly #duplicates: Bounds = { min: 0, max: 0 };
  readonly #rejected: Bounds = { min: 0, max: 0 };
  /** From the request on, a frame may come before the freeze or after it, and then moves no counter (F2). */
  isFinalizing = false;

  constructor(track: string) {
    this.track = track;
  }

  /** Seconds that the room promised to keep. */
  sure(): number[] {
    return [...this.#seconds].filter(([, { isSure }]) => isSure).map(([seq]) => seq);
  }

  variantsOf(seq: number): readonly Variant[] {
    return [...(this.#seconds.get(seq)?.variants ?? [])];
  }

  paddings(expectedSeq: number): number[] {
    return this.#ends.map(({ seq, padding }) => (seq === expectedSeq ? padding : 0));
  }

  /** The track's answer to a chunk, every frame before it on this connection being answered. */
  acked(ask: ChunkAsk, ack: Of<"ack">): void {
    const old = this.#seconds.get(ask.seq);
    if (ack.status === "stored") {
      hold(!old?.isSure, `${this.track}/${ask.seq} was stored although it was kept`);
      this.#noteStored(ask.seq);
    } else {
      hold(old?.variants.has(ask.variant) === true, `${this.track}/${ask.seq} is called a duplicate of nothing`);
      this.#count(this.#duplicates);
    }
    this.#setSure(ask.seq, new Set([ask.variant]));
    this.#checkAck(ack);
  }

  /** An ack that was on its way when the connection lost the track: it promises, and counted already. */
  ackedLate(ask: ChunkAsk, ack: Of<"ack">): void {
    const old = this.#seconds.get(ask.seq);
    hold(old?.variants.has(ask.variant) === true, `${this.track}/${ask.seq} was acked late, and is not kept`);
    if (ack.status === "stored") this.#noteStored(ask.seq);
    this.#setSure(ask.seq, new Set([ask.variant]));
  }

  conflicted({ seq, variant }: ChunkAsk): void {
    const others = new Set(this.#seconds.get(seq)?.variants ?? []);
    others.delete(variant);
    hold(others.size > 0, `${this.track}/${seq} is called a conflict, and nothing else was sent`);
    this.#setSure(seq, others);
    this.rejected();
  }

  rejected(): void {
    // Before the first frame that is accepted there is no track to count on: it is noted with the connection, and may go with it.
    if (this.#isOpen) this.#count(this.#rejected);
    else this.#rejected.max += 1;
  }

  get #isOpen(): boolean {
    return [...this.#seconds.values()].some(({ isSure }) => isSure);
  }

  ended({ lastSeq, padding }: EndAsk, answer: Of<"ended">): void {
    hold(this.#lastSure() <= lastSeq, `${this.track}: end ${lastSeq} was taken below a kept second`);
    same(`${this.track}: last_seq of ended`, answer.last_seq, lastSeq);
    // The room would have refused it otherwise.
    for (const seq of this.#seconds.keys()) if (seq > lastSeq) this.#seconds.delete(seq);
    this.#ends = [{ seq: lastSeq, padding }];
    if (!this.#isCertain) return;
    const track = this.#certain();
    same(`${this.track}: missing of ended`, answer.missing, track.missing(limits.maxMissingRanges));
    same(`${this.track}: complete of ended`, answer.complete, track.missingCount === 0);
  }

  endRefused({ lastSeq }: EndAsk): void {
    const last = Math.max(0, ...this.#seconds.keys());
    hold(last > lastSeq, `${this.track}: end ${lastSeq} was refused, and no second lies beyond it`);
    this.rejected();
  }

  /** A frame that will not be answered any more. */
  lost(ask: Ask): void {
    switch (ask.kind) {
      case "chunk": {
        this.#duplicates.max += 1;
        this.#rejected.max += 1;
        const second = this.#seconds.get(ask.seq);
        if (!second) this.#seconds.set(ask.seq, { isSure: false, variants: new Set([ask.variant]) });
        else if (!second.isSure) second.variants.add(ask.variant);
        return;
      }
      case "bad":
        this.#rejected.max += 1;
        return;
      case "end":
        this.#rejected.max += 1;
        this.#ends.push({ seq: ask.lastSeq, padding: ask.padding });
        return;
      case "hello":
      case "status":
      case "ping":
    }
  }

  /** A client that decides for itself what to send and when, streams the true seconds up to here; `promised` tells more. */
  streamed(lastSeq: number): void {
    for (let seq = 1; seq <= lastSeq; seq += 1)
      this.#seconds.set(seq, { isSure: false, variants: new Set([variants.truth]) });
    this.#duplicates.max = Number.POSITIVE_INFINITY;
    this.#ends.push({ seq: lastSeq, padding: 0 });
  }

  /** A client got an ack for the second. */
  promised(seq: number): void {
    this.#setSure(seq, new Set([variants.truth]));
  }

  /** The request to finalize says that the track has this many seconds, more than any client sent. */
  expected(seq: number): void {
    this.#ends = [{ seq, padding: 0 }];
  }

  /**
   * @param isFinal no frame is on its way any more, so what the status does not name was not kept.
   * @param underWay frames that may have been handled already.
   */
  observe(status: TrackStatus, isFinal: boolean, underWay: readonly Ask[] = []): void {
    const maybe = new Set(underWay.flatMap((ask) => (ask.kind === "chunk" ? [ask.seq] : [])));
    const kept = keptOf(status);
    for (const seq of this.sure()) hold(kept.has(seq), `${this.track}/${seq} was acked and is reported missing`);
    for (const seq of kept) {
      hold(this.#seconds.has(seq) || maybe.has(seq), `${this.track}/${seq} is reported kept and was never sent`);
    }
    checkStatus(this.track, status, kept);
    if (!isFinal) return;
    for (const [seq, second] of this.#seconds) {
      if (kept.has(seq)) second.isSure = true;
      else this.#seconds.delete(seq);
    }
    const expected = status.received_chunks + status.missing_chunks;
    const ends = this.#ends.filter(({ seq }) => Math.max(status.last_seq, seq) === expected);
    hold(ends.length > 0, `${this.track} expects ${expected} seconds; ends sent: ${JSON.stringify(this.#ends)}`);
    this.#ends = ends;
    settle(`${this.track}: duplicate_chunks`, this.#duplicates, status.duplicate_chunks);
    // Those of a track that is not open yet wait with their connection, and may be counted later.
    if (this.#isOpen) settle(`${this.track}: rejected_chunks`, this.#rejected, status.rejected_chunks);
    else within(`${this.track}: rejected_chunks`, this.#rejected, status.rejected_chunks);
  }

  #checkAck(ack: Of<"ack">): void {
    within(`${this.track}: duplicate_count`, this.#duplicates, ack.duplicate_count);
    if (!this.#isCertain) return;
    const { duplicate_count: _, ...fields } = this.#certain().ackFields();
    for (const [field, value] of Object.entries(fields))
      same(`${this.track}: ${field} of ack ${ack.seq}`, ack[field as keyof typeof fields], value);
  }

  get #isCertain(): boolean {
    return this.#ends.length === 1 && !this.isFinalizing && [...this.#seconds.values()].every(({ isSure }) => isSure);
  }

  #lastSure(): number {
    return Math.max(0, ...this.sure());
  }

  /** The track that it is, where nothing is uncertain. */
  #certain(): ReferenceTrack<true> {
    return referenceOf(this.#seconds.keys(), this.#ends[0]?.seq ?? 0);
  }

  #noteStored(seq: number): void {
    hold(!this.#stored.has(seq), `${this.track}/${seq} was stored twice`);
    this.#stored.add(seq);
  }

  #setSure(seq: number, bytes: Set<Variant>): void {
    this.#seconds.set(seq, { isSure: true, variants: bytes });
  }

  #count(counter: Bounds): void {
    counter.max += 1;
    if (!this.isFinalizing) counter.min += 1;
  }
}

/** What a status says is kept. Schedules stay far below the 64 ranges that it lists. */
function keptOf({ last_seq: last, missing }: TrackStatus): Set<number> {
  if (missing.length >= limits.maxMissingRanges) throw new Violation("a schedule has more gaps than a status lists");
  const kept = new Set(Array.from({ length: last }, (_, index) => index + 1));
  for (const [from, to] of missing) for (let seq = from; seq <= to; seq += 1) kept.delete(seq);
  return kept;
}

function checkStatus(track: string, status: TrackStatus, kept: ReadonlySet<number>): void {
  const {
    duplicate_chunks: _,
    rejected_chunks: __,
    ...counts
  } = referenceOf(kept, status.received_chunks + status.missing_chunks).counts();
  for (const [field, value] of Object.entries(counts))
    same(`${track}: ${field}`, status[field as keyof typeof counts], value);
  const { archived_seq: archived, last_seq: last } = status;
  hold(archived <= last, `${track}: archived_seq ${archived} is beyond last_seq ${last}`);
}

function referenceOf(kept: Iterable<number>, end: number): ReferenceTrack<true> {
  const track = new ReferenceTrack<true>();
  for (const seq of kept) track.keep(seq, true);
  track.end = end;
  return track;
}

function within(what: string, { min, max }: Bounds, actual: number): void {
  hold(min <= actual && actual <= max, `${what} is ${actual}; expected ${min} to ${max}`);
}

/** Once all frames are answered or gone, the counter is known. */
function settle(what: string, bounds: Bounds, actual: number): void {
  within(what, bounds, actual);
  bounds.min = actual;
  bounds.max = actual;
}
