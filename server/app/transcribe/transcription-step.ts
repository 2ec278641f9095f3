/**
 * One step of a transcription: the next minute of a track is heard and kept by the room, as captions are (`hearing/`), and how far it
 * is moves on. A step that was interrupted is done again, and says the same again. Knows the room and the models by their ports alone.
 */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import type { HeardStretch } from "../../../schemas/speech/utterances.ts";
import type { SpokenTurns } from "../../../schemas/speech/spoken-turns.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";
import type { ModelFault } from "../ai/ports.ts";
import { firstFloor } from "../hearing/cutter.ts";
import { FollowedTrack, type KeptSecond } from "../hearing/follow-track.ts";
import type { Hear } from "../hearing/heard-words.ts";
import type { TranscriptionRow } from "./transcription-row.ts";

type Session = TranscriptionRow["session"];

/** What of the gateway's entrypoint a transcription needs. */
export interface Meetings {
  chunks(session: Session, track: string, fromSeq: number): Promise<Result<readonly KeptSecond[], string>>;
  turnsBetween(session: Session, track: string, fromMs: number, toMs: number): Promise<Result<SpokenTurns, string>>;
  hear(session: Session, stretch: HeardStretch, subject: string): Promise<Result<"kept", string>>;
}

export interface StepPorts {
  readonly meetings: Meetings;
  readonly hear: Hear<ModelFault>;
  /** Notes how far it is, unless it was called off meanwhile. @returns whether it goes on. */
  readonly save: (row: TranscriptionRow) => boolean;
}

export type Step =
  | { readonly kind: "moved" }
  | { readonly kind: "done" }
  | { readonly kind: "cancelled" }
  /** The meeting is not there any more. */
  | { readonly kind: "gone" }
  | { readonly kind: "failed"; readonly code: StepFailure; readonly canRetry: boolean };

export type StepFailure = "model_unavailable" | "model_failed" | "model_timeout" | "log_full" | "internal";

type Stop = Exclude<Step, { kind: "moved" | "done" }>;

export async function nextStep(row: TranscriptionRow, ports: StepPorts): Promise<Step> {
  const at = row.tracks.findIndex(({ transcribed_ms, duration_ms }) => transcribed_ms < duration_ms);
  const track = row.tracks[at];
  if (!track) return { kind: "done" };
  const { meetings, hear, save } = ports;
  const { session, subject } = row;
  let now = row;
  const call = { isOn: true };
  const move = (change: Partial<TranscriptionRow["tracks"][number]>, utterances = now.utterances): void => {
    const tracks = now.tracks.map((each, i) => (i === at ? { ...each, ...change } : each));
    now = { ...now, tracks, utterances, failures: 0 };
    call.isOn &&= save(now);
  };
  let heard = 0;
  const followed = new FollowedTrack<Stop>({
    track: track.track,
    chunks: async (fromSeq) => {
      if (!call.isOn) return err({ kind: "cancelled" });
      const kept = await meetings.chunks(session, track.track, fromSeq);
      // What came after the transcription began is not its own.
      return kept.ok
        ? ok(kept.value.filter(({ seq }) => seq * chunkMs <= track.duration_ms))
        : err(refusedByRoom(kept.error));
    },
    turns: async (fromMs, toMs) => {
      const found = await meetings.turnsBetween(session, track.track, fromMs, toMs);
      if (!found.ok) return err(refusedByRoom(found.error));
      return ok({ ...found.value, last_seq: Math.min(found.value.last_seq, track.duration_ms / chunkMs) });
    },
    hear: async (speech) => {
      if (!call.isOn) return err({ kind: "cancelled" });
      const words = await hear(speech);
      return words.ok ? words : err(refusedByModel(words.error));
    },
    post: async (stretch) => {
      const kept = await meetings.hear(session, stretch, subject);
      if (!kept.ok) return err(refusedByRoom(kept.error));
      heard += stretch.segments.length;
      return ok(undefined);
    },
    cursor: () => {
      const { transcribed_ms: ms, floor = firstFloor } = now.tracks[at] ?? track;
      return { ms, floor, gapSince: null };
    },
    save: ({ ms, floor }) => {
      move({ transcribed_ms: Math.min(ms, track.duration_ms), floor }, now.utterances + heard);
      heard = 0;
    },
    isOver: () => true,
    turnsPatienceMs: 0,
    now: Date.now,
  });
  const came = await followed.advance();
  if (!came.ok) return came.error;
  if (came.value.isCaughtUp) move({ transcribed_ms: track.duration_ms });
  return call.isOn ? { kind: "moved" } : { kind: "cancelled" };
}

function refusedByRoom(reason: string): Stop {
  if (reason === "session_deleted" || reason === "session_not_found") return { kind: "gone" };
  return { kind: "failed", code: reason === "log_full" ? "log_full" : "internal", canRetry: false };
}

function refusedByModel(fault: ModelFault): Stop {
  switch (fault.reason) {
    case "exhausted":
    case "unavailable":
      return { kind: "failed", code: "model_unavailable", canRetry: true };
    case "timeout":
      return { kind: "failed", code: "model_timeout", canRetry: true };
    case "failed":
    case "aborted":
      return { kind: "failed", code: "model_failed", canRetry: true };
    case "refused":
      return { kind: "failed", code: "model_failed", canRetry: false };
  }
}
