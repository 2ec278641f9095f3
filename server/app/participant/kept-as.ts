/** What is read off a kept conversation: how it is shown, what its model is told, and its names. Pure. */
import type { Participant as Shown } from "../../../schemas/http/participant.ts";
import type { TalkSetup } from "./models/live-model.ts";
import type { Kept } from "./participant-store.ts";
import type { TranscriptState } from "./transcripts/transcript-outbox.ts";
import { phaseOf } from "./turns/turn-state.ts";

/** A name that nobody streams under in this session. */
export function freeTrack(taken: readonly string[]): string {
  const names = ["ai", ...Array.from({ length: taken.length + 1 }, (_, n) => `ai-${n + 2}`)];
  return names.find((name) => !taken.includes(name)) ?? "ai";
}

const usualInstructions = "You take part in a spoken conversation. Listen, and answer briefly.";

export function setupOf({ body, handle }: Kept): TalkSetup {
  const { instructions = usualInstructions, voice, language, greeting, script } = body;
  return { instructions, voice, language, greeting, script, handle: handle ?? undefined };
}

export function transcriptKey({ session_id, started_at }: Kept): string {
  return `${session_id}/${started_at}`;
}

export function shownOf(
  { session_id, turns, model, track, started_at, ended_at }: Kept,
  utterances: number,
  transcript: TranscriptState,
): Shown {
  return {
    session_id,
    phase: phaseOf(turns),
    model,
    track,
    started_at: new Date(started_at).toISOString(),
    ends_at: new Date(turns.endsAt).toISOString(),
    ended_at: ended_at === null ? null : new Date(ended_at).toISOString(),
    reason: turns.ended ?? null,
    utterances,
    transcript,
  };
}
