/** A room as a client sees it: what it keeps, and what it answers. No sockets, no time, no storage. */
import { ReferenceTrack } from "../../../client/testkit/reference-track.ts";
import type { WireErrorCode } from "../../../schemas/wire/errors.ts";
import { wireErrors } from "../../../schemas/wire/errors.ts";
import { limits } from "../../../schemas/limits.ts";
import type { RoomMessage, TrackStatus } from "../../../schemas/wire/messages.ts";

export type Answer = Extract<RoomMessage, { type: "ready" | "ack" | "ended" | "error" }>;
type Of<Type extends Answer["type"]> = Extract<Answer, { type: Type }>;

export class ModelRoom {
  /** What is kept under a number; any string stands for its audio. */
  readonly track = new ReferenceTrack();
  /** Numbers that are refused for good, whatever comes. */
  readonly refused = new Set<number>();
  window: number;
  readonly #factor: number | null;

  /** @param factor `max_realtime_factor`. */
  constructor(window: number, factor: number | null = null) {
    this.window = window;
    this.#factor = factor;
  }

  ready(): Of<"ready"> {
    const missing = this.track.missing(limits.maxMissingRanges);
    const at = { next_seq: this.track.lastSeq + 1, missing };
    return {
      type: "ready",
      protocol: 1,
      session_id: "meeting",
      target_sample_rate: 16_000,
      target_channels: 1,
      target_format: "pcm_s16le",
      ingest: this.#status(),
      resume: at,
      limits: { max_in_flight: this.window, max_realtime_factor: this.#factor },
    };
  }

  /** @param later refuse it with this retryable code. */
  receiveChunk(seq: number, audio: string, later?: WireErrorCode): Of<"ack" | "error"> {
    if (later !== undefined) return roomError(later, seq);
    if (this.refused.has(seq)) return roomError("bad_chunk_size", seq);
    const status = this.track.keep(seq, audio);
    if (status === "conflict") return roomError("seq_conflict", seq);
    return { type: "ack", seq, status, key: "key", sha256: "0".repeat(64), ...this.track.ackFields() };
  }

  receiveEnd(lastSeq: number): Of<"ended" | "error"> {
    if (lastSeq < this.track.lastSeq) return roomError("bad_frame");
    this.track.end = lastSeq;
    const missing = this.track.missing(limits.maxMissingRanges);
    return { type: "ended", last_seq: lastSeq, complete: missing.length === 0, missing };
  }

  #status(): TrackStatus {
    return {
      session_id: "meeting",
      meeting_id: "meeting",
      track: "mixed",
      archived_seq: 0,
      resolved_seq: 0,
      failed_windows: 0,
      ...this.track.counts(),
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
