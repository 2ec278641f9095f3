/** A room as a client sees it: what it keeps, and what it answers. No sockets, no time, no storage. */
import { SeqSet, type SeqRange } from "../../../client/capture/seq-set.ts";
import type { WireErrorCode } from "../../../schemas/wire/errors.ts";
import { wireErrors } from "../../../schemas/wire/errors.ts";
import { limits } from "../../../schemas/limits.ts";
import type { RoomMessage, TrackStatus } from "../../../schemas/wire/messages.ts";

export type Answer = Extract<RoomMessage, { type: "ready" | "ack" | "ended" | "error" }>;
type Of<Type extends Answer["type"]> = Extract<Answer, { type: Type }>;

export class ModelRoom {
  /** What is kept under a number; any string stands for its audio. */
  readonly kept = new Map<number, string>();
  /** Numbers that are refused for good, whatever comes. */
  readonly refused = new Set<number>();
  window: number;
  readonly #factor: number | null;
  #endSeq = 0;

  /** @param factor `max_realtime_factor`. */
  constructor(window: number, factor: number | null = null) {
    this.window = window;
    this.#factor = factor;
  }

  get lastSeq(): number {
    return Math.max(0, ...this.kept.keys());
  }

  get expectedSeq(): number {
    return Math.max(this.lastSeq, this.#endSeq);
  }

  missing(): SeqRange[] {
    const missing = SeqSet.of([[1, this.expectedSeq]]);
    for (const seq of this.kept.keys()) missing.delete(seq);
    return missing.ranges();
  }

  ready(): Of<"ready"> {
    const missing = this.missing()
      .slice(0, limits.maxMissingRanges)
      .map(([from, to]): [number, number] => [from, to]);
    const at = { next_seq: this.lastSeq + 1, missing };
    return {
      type: "ready",
      protocol: 1,
      session_id: "meeting",
      target_sample_rate: 16_000,
      target_channels: 1,
      target_format: "pcm_s16le",
      ingest: this.#status(missing),
      resume: at,
      limits: { max_in_flight: this.window, max_realtime_factor: this.#factor },
    };
  }

  /** @param later refuse it with this retryable code. */
  receiveChunk(seq: number, audio: string, later?: WireErrorCode): Of<"ack" | "error"> {
    if (later !== undefined) return roomError(later, seq);
    if (this.refused.has(seq)) return roomError("bad_chunk_size", seq);
    const old = this.kept.get(seq);
    if (old !== undefined && old !== audio) return roomError("seq_conflict", seq);
    this.kept.set(seq, audio);
    return {
      type: "ack",
      seq,
      status: old === undefined ? "stored" : "duplicate",
      key: "key",
      sha256: "0".repeat(64),
      last_seq: this.lastSeq,
      contiguous_seq: 0,
      missing_count: this.expectedSeq - this.kept.size,
      duplicate_count: 0,
    };
  }

  receiveEnd(lastSeq: number): Of<"ended" | "error"> {
    if (lastSeq < this.lastSeq) return roomError("bad_frame");
    this.#endSeq = lastSeq;
    const missing = this.missing()
      .slice(0, limits.maxMissingRanges)
      .map(([from, to]): [number, number] => [from, to]);
    return { type: "ended", last_seq: lastSeq, complete: missing.length === 0, missing };
  }

  #status(missing: TrackStatus["missing"]): TrackStatus {
    return {
      session_id: "meeting",
      meeting_id: "meeting",
      track: "mixed",
      last_seq: this.lastSeq,
      contiguous_seq: 0,
      archived_seq: 0,
      resolved_seq: 0,
      failed_windows: 0,
      received_chunks: this.kept.size,
      duplicate_chunks: 0,
      missing_chunks: this.expectedSeq - this.kept.size,
      rejected_chunks: 0,
      bytes_stored: this.kept.size * 32_000,
      missing,
      started_at: null,
      updated_at: null,
    };
  }
}

export function roomError(code: WireErrorCode, seq?: number, retryAfterMs?: number): Of<"error"> {
  return {
    type: "error",
    code,
    detail: code,
    retryable: wireErrors[code].retryable,
    ...(seq === undefined ? {} : { seq }),
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
  };
}
