/**
 * The one meeting that all examples tell of: twelve seconds of the session `board-7`, in which Ada and Grace speak and
 * one second is lost. What follows from its events is computed, so that the examples agree with each other.
 */
import { createHash } from "node:crypto";
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import type { SessionAnswer } from "../../../schemas/http/sessions.ts";
import type { SessionResult } from "../../../schemas/http/result.ts";
import type { TrackStatus } from "../../../schemas/wire/messages.ts";
import type { SpeakerState } from "../../../schemas/speech/speakers.ts";
import { timelineOf } from "../../../schemas/speech/timeline.ts";
import { speakersOf, transcriptOf } from "../../../schemas/speech/transcript.ts";

export const exampleIds = {
  session: "board-7",
  track: "mixed",
  trace: "4bf92f3577b34da6a3ce929d0e0e4736",
  delivery: "msg_3f0c9d52-6a3b-4f0e-9a53-0c1c6d2f7e11",
  /** `event_id` of the turn whose speaker is only suggested. */
  turn: 6,
} as const;
const { session: session_id, track } = exampleIds;

const startMs = Date.UTC(2026, 10, 20, 10, 0, 0);
/** A moment of the meeting, as the wire writes times. @param seconds since it began. */
export const at = (seconds: number): string => new Date(startMs + seconds * 1_000).toISOString();
/** As chunks carry it. */
export const timestampMs = (seconds: number): number => startMs + seconds * 1_000;
/** A hash of the right form, the same each time. */
export const exampleHash = (what: string): string => createHash("sha256").update(`example ${what}`).digest("hex");
export const chunkKey = (seq: number): string => `sessions/${session_id}/chunks/${String(seq).padStart(8, "0")}.pcm`;

export const roster = [{ name: "Ada Lovelace", email: "ada@example.com" }, { name: "Grace Hopper" }];
export const metadata = { title: "Board meeting", room: "Atlas" };

export const settings: SessionAnswer = {
  session_id,
  status: "open",
  roster,
  metadata,
  resolve: { auto: true, window_chunks: 4 },
  retention_days: 90,
  auto_finalize_after_ms: 86_400_000,
  webhook_origin: "https://backend.example",
};

const utterances = [
  { utterance_id: "u1", start_ms: 300, end_ms: 3_700, text: "Hello everyone, this is Ada. Shall we begin?" },
  { utterance_id: "u2", start_ms: 4_200, end_ms: 5_900, text: "Thank you, Ada. The numbers first." },
  { utterance_id: "u3", start_ms: 9_800, end_ms: 11_600, text: "They look right to me." },
].map((utterance) => ({ ...utterance, track, revision: 1 }));
const [hello, thanks, right] = utterances;
const evidence = (sv_score: number) => ({ sv_score, threshold_low: 0.45, threshold_high: 0.65, segment_count: 1 });

/** The whole log. */
export const events: readonly RoomEvent[] = [
  { event_id: 1, at: at(0.412), type: "track.opened", track, by: "room" },
  { event_id: 2, at: at(4.9), type: "utterance.added", track, ...(hello && { utterance: hello }), by: "room" },
  {
    event_id: 3,
    at: at(5.2),
    type: "speaker.bound",
    cluster_id: "c1",
    speaker_name: "Ada Lovelace",
    decision: "auto",
    evidence: { ...evidence(0.31), name_hit: "Ada", roster_hit: "Ada Lovelace" },
    by: "inference",
  },
  {
    event_id: 4,
    at: at(5.2),
    type: "speaker.resolved",
    track,
    from_seq: 1,
    to_seq: 4,
    start_ms: 300,
    end_ms: 3_700,
    cluster_id: "c1",
    speaker_name: "Ada Lovelace",
    decision: "auto",
    evidence: { ...evidence(0.31), name_hit: "Ada", roster_hit: "Ada Lovelace" },
    by: "inference",
  },
  { event_id: 5, at: at(7.1), type: "utterance.added", track, ...(thanks && { utterance: thanks }), by: "room" },
  {
    event_id: 6,
    at: at(12.6),
    type: "speaker.resolved",
    track,
    from_seq: 5,
    to_seq: 8,
    start_ms: 4_200,
    end_ms: 5_900,
    cluster_id: "c2",
    speaker_name: "Grace Hopper",
    decision: "confirm",
    evidence: evidence(0.52),
    by: "inference",
  },
  {
    event_id: 7,
    at: at(13.1),
    type: "speaker.resolved",
    track,
    from_seq: 9,
    to_seq: 12,
    start_ms: 9_800,
    end_ms: 11_600,
    cluster_id: "c1",
    speaker_name: "Ada Lovelace",
    decision: "auto",
    evidence: evidence(0.78),
    by: "inference",
  },
  {
    event_id: 8,
    at: at(16),
    type: "speaker.bound",
    cluster_id: "c2",
    speaker_name: "Grace Hopper",
    turn_id: exampleIds.turn,
    by: "person",
  },
  { event_id: 9, at: at(16.3), type: "utterance.added", track, ...(right && { utterance: right }), by: "room" },
  { event_id: 10, at: at(17), type: "track.ended", track, to_seq: 12, padding_samples: 4_000, by: "room" },
  { event_id: 11, at: at(20), type: "session.finalizing", by: "room" },
  { event_id: 12, at: at(20.3), type: "session.finalized", by: "room" },
];

/** An event by its number, as an example of its type. */
export function event(event_id: number): RoomEvent {
  const found = events.find((one) => one.event_id === event_id);
  if (!found) throw new Error(`the example meeting has no event ${event_id}`);
  return found;
}

const emptyStatus: TrackStatus = {
  session_id,
  meeting_id: session_id,
  track,
  last_seq: 0,
  contiguous_seq: 0,
  archived_seq: 0,
  resolved_seq: 0,
  failed_windows: 0,
  received_chunks: 0,
  duplicate_chunks: 0,
  missing_chunks: 0,
  rejected_chunks: 0,
  bytes_stored: 0,
  missing: [],
  started_at: null,
  updated_at: null,
};

/** Before anything was sent. */
export const statusAtFirst = emptyStatus;
/** After eight seconds, of which the seventh is missing. */
export const statusMidway: TrackStatus = {
  ...emptyStatus,
  last_seq: 8,
  contiguous_seq: 6,
  archived_seq: 5,
  resolved_seq: 4,
  received_chunks: 7,
  missing_chunks: 1,
  bytes_stored: 7 * 32_000,
  missing: [[7, 7]],
  started_at: at(1.1),
  updated_at: at(8.1),
};
export const statusAtLast: TrackStatus = {
  ...statusMidway,
  last_seq: 12,
  archived_seq: 12,
  resolved_seq: 12,
  received_chunks: 11,
  duplicate_chunks: 1,
  bytes_stored: 11 * 32_000,
  updated_at: at(17),
};

/** A service's centroids are longer. */
export const speakerState: SpeakerState = {
  clusters: [
    { cluster_id: "c1", centroid: [0.12, -0.4, 0.88, 0.07], sample_count: 2, bound_name: "Ada Lovelace" },
    { cluster_id: "c2", centroid: [-0.51, 0.33, 0.2, 0.64], sample_count: 1, bound_name: "Grace Hopper" },
  ],
  bindings: { c1: "Ada Lovelace", c2: "Grace Hopper" },
  roster,
  config: {},
};

export const coverage = 11 / 12;
export const resultKey = `sessions/${session_id}/result.json`;
export const finalizedAt = at(20.3);
const timeline = timelineOf(events);

export const result: SessionResult = {
  schema_version: 2,
  tenant: "default",
  session_id,
  finalized_at: finalizedAt,
  state: speakerState,
  events: [...events],
  ingest: statusAtLast,
  ingest_by_track: { [track]: statusAtLast },
  metadata,
  timeline,
  speakers: speakersOf(timeline),
  transcript: transcriptOf(events, timeline),
  gaps: [{ track, from_seq: 7, to_seq: 7, cause: "capture_stall" }],
  coverage,
  audio: [
    {
      track,
      key_prefix: `sessions/${session_id}/chunks/`,
      chunks: 11,
      bytes: 11 * 32_000,
      duration_ms: 12_000,
      padding_samples: 4_000,
      chain_head: exampleHash("chain"),
      wav: {
        key: `sessions/${session_id}/audio/mixed.wav`,
        bytes: 44 + 12 * 32_000 - 8_000,
        sha256: exampleHash("wav"),
      },
    },
  ],
};
