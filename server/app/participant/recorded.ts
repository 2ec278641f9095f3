/** What both sides said, as the room keeps utterances. Pure. */
import { beginningOf } from "../../../schemas/cut-text.ts";
import { limits } from "../../../schemas/limits.ts";
import type { PostedUtterance } from "../../../schemas/speech/utterances.ts";
import type { SpokenUtterance } from "./turn-types.ts";

/** @param of the conversation that it was said in: two of one session have ids of their own. */
export function utterancesOf(
  said: readonly SpokenUtterance[],
  of: { readonly started_at: number; readonly track: string },
): PostedUtterance[] {
  return said.map(({ id, speaker, track, startMs, endMs, text }) => ({
    utterance_id: `participant-${of.started_at.toString(36)}-${id}`,
    track: track ?? of.track,
    start_ms: startMs,
    end_ms: Math.max(startMs, Math.min(endMs, startMs + limits.maxUtteranceMs)),
    text: beginningOf(text, limits.maxUtteranceChars),
    final: true,
    // Of people, speaker resolve and their names say who it was.
    ...(speaker === "AI" ? { speaker } : {}),
  }));
}
