/** What keeping a chunk takes and gives, and what bounds it. */
import { limits } from "../../../schemas/limits.ts";
import type { MayStore } from "../../shared/limits/audio-lease.ts";
import type { Pace } from "../../shared/limits/pace.ts";
import type { TrackRow } from "./track-plan.ts";

export interface IncomingChunk {
  readonly seq: number;
  /** The client's wall clock at capture, ms. */
  readonly timestamp_ms: number;
  /** 32,000 bytes. */
  readonly content: Uint8Array;
}

export type KeepOutcome =
  | {
      readonly kind: "stored" | "duplicate";
      readonly sha256: string;
      readonly trackRow: TrackRow;
      /** All up to here are kept. */
      readonly contiguousSeq: number;
      /** Whether the chunk opened its track. */
      readonly isNew: boolean;
    }
  | { readonly kind: "refused"; readonly code: "seq_conflict" | "seq_out_of_range" | "session_finalized" }
  | {
      readonly kind: "refused";
      readonly code: "rate_limited";
      /** Ingest is switched off; the track is too fast; the tenant's audio of the day is used up; too much waits for R2. */
      readonly limit: "switch" | "pace" | "quota" | "storage";
      readonly retryAfterMs: number;
    };

/** What bounds the tracks of a session. */
export interface StorageLimits {
  /** Audio that may wait for R2. */
  readonly maxBytes: number;
  readonly maxTracks: number;
  /** How fast each track's audio may come; null: as fast as it likes. */
  readonly pace: Pace | null;
  /** Whether the session may store one chunk more, having stored so many. */
  readonly mayStore: (storedTotal: number) => MayStore;
  /** Whether nothing is kept for now (SPEC X10). */
  readonly isSwitchedOff: () => boolean;
}

export const noLimits: StorageLimits = {
  maxBytes: limits.maxJournalBytes,
  maxTracks: limits.maxTracksPerSession,
  pace: null,
  mayStore: () => "yes",
  isSwitchedOff: () => false,
};
