/**
 * One step of a transcription: the next stretch of a track is read, heard and kept by the room, and how far it is moves on. A step
 * that was interrupted is done again, and says the same again. Knows the room and the models by their ports alone.
 */
import type { Result } from "../../../schemas/lib/result.ts";
import type { HeardStretch } from "../../../schemas/speech/utterances.ts";
import type { ModelFault } from "../ai/ports.ts";
import type { Heard } from "./hear.ts";
import { type KeptSecond, type Stretch, stretchFrom, takeFrom, wavOf } from "./stretch.ts";
import type { TranscriptionRow } from "./transcription-row.ts";

type Session = TranscriptionRow["session"];

/** What of the gateway's entrypoint a transcription needs. */
export interface Meetings {
  chunks(session: Session, track: string, fromSeq: number): Promise<Result<KeptSecond[], string>>;
  hear(session: Session, stretch: HeardStretch, subject: string): Promise<Result<"kept", string>>;
}

export interface StepPorts {
  readonly meetings: Meetings;
  /** @param durationMs of the WAV. */
  readonly hear: (wav: Uint8Array<ArrayBuffer>, durationMs: number) => Promise<Result<Heard, ModelFault>>;
}

export type Step =
  | { readonly kind: "moved"; readonly row: TranscriptionRow }
  | { readonly kind: "done" }
  /** The meeting is not there any more. */
  | { readonly kind: "gone" }
  | { readonly kind: "failed"; readonly code: StepFailure; readonly canRetry: boolean };

export type StepFailure = "model_unavailable" | "model_failed" | "model_timeout" | "log_full" | "internal";

/** Places without audio that a step passes over. */
const maxEmptyStretches = 50;

export async function nextStep(row: TranscriptionRow, { meetings, hear }: StepPorts): Promise<Step> {
  const at = row.tracks.findIndex(({ transcribed_ms, duration_ms }) => transcribed_ms < duration_ms);
  const track = row.tracks[at];
  if (!track) return { kind: "done" };
  let atMs = track.transcribed_ms;
  for (let empty = 0; empty < maxEmptyStretches && atMs < track.duration_ms; empty++) {
    const stretch = stretchFrom(atMs, track.duration_ms);
    const seconds = await meetings.chunks(row.session, track.track, stretch.fromSeq);
    if (!seconds.ok) return refusedByRoom(seconds.error);
    const wav = wavOf(stretch, atMs, seconds.value);
    if (wav) return heardStep(row, at, { stretch, atMs, wav }, { meetings, hear });
    atMs = stretch.toMs;
  }
  return { kind: "moved", row: moved(row, at, atMs, 0) };
}

interface Piece {
  readonly stretch: Stretch;
  readonly atMs: number;
  readonly wav: Uint8Array<ArrayBuffer>;
}

async function heardStep(
  row: TranscriptionRow,
  at: number,
  { stretch, atMs, wav }: Piece,
  { meetings, hear }: StepPorts,
): Promise<Step> {
  const track = row.tracks[at];
  if (!track) return { kind: "done" };
  const heard = await hear(wav, stretch.toMs - stretch.fromMs);
  if (!heard.ok) return refusedByModel(heard.error);
  const { segments, toMs } = takeFrom(stretch, atMs, track.duration_ms, heard.value.segments);
  const said = { track: track.track, from_ms: atMs, to_ms: toMs, model: heard.value.model, segments };
  const kept = await meetings.hear(row.session, said, row.subject);
  if (!kept.ok) return refusedByRoom(kept.error);
  return { kind: "moved", row: moved(row, at, toMs, segments.length) };
}

function moved(row: TranscriptionRow, at: number, toMs: number, utterances: number): TranscriptionRow {
  return {
    ...row,
    tracks: row.tracks.map((track, i) => (i === at ? { ...track, transcribed_ms: toMs } : track)),
    utterances: row.utterances + utterances,
    failures: 0,
  };
}

function refusedByRoom(reason: string): Step {
  if (reason === "session_deleted" || reason === "session_not_found") return { kind: "gone" };
  return { kind: "failed", code: reason === "log_full" ? "log_full" : "internal", canRetry: false };
}

function refusedByModel(fault: ModelFault): Step {
  switch (fault.reason) {
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
