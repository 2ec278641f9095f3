/** Transcript and talk times, from the event log alone. Pure, as `timeline.ts` is. */
import type { RoomEvent } from "./events.ts";
import type { SpeakerSummary, TranscriptEntry, Turn } from "../http/result.ts";
import type { Utterance } from "./utterances.ts";

/** @param events the whole log. @param turns its timeline. @returns every utterance once, as last revised, by time. */
export function transcriptOf(events: readonly RoomEvent[], turns: readonly Turn[]): TranscriptEntry[] {
  const latest = new Map<string, Utterance>();
  for (const { utterance } of events) if (utterance) latest.set(utterance.utterance_id, utterance);
  const byTrack = Map.groupBy(turns, ({ track }) => track);
  return [...latest.values()]
    .sort((a, b) => a.start_ms - b.start_ms || a.end_ms - b.end_ms || (a.utterance_id < b.utterance_id ? -1 : 1))
    .map(({ utterance_id, track, start_ms, end_ms, text, speaker }) => {
      const turn = mainTurn(byTrack.get(track) ?? [], start_ms, end_ms);
      const speaker_name = speaker ?? turn?.speaker_name ?? null;
      return { utterance_id, track, start_ms, end_ms, text, cluster_id: turn?.cluster_id ?? null, speaker_name };
    });
}

/** What every speaker adds up to, most talkative first. */
export function speakersOf(turns: readonly Turn[]): SpeakerSummary[] {
  return [...Map.groupBy(turns, ({ cluster_id }) => cluster_id)]
    .map(([cluster_id, own]) => ({
      cluster_id,
      speaker_name: own[0]?.speaker_name ?? null,
      talk_ms: own.reduce((sum, { start_ms, end_ms }) => sum + end_ms - start_ms, 0),
      turns: own.length,
    }))
    .sort((a, b) => b.talk_ms - a.talk_ms || (a.cluster_id < b.cluster_id ? -1 : 1));
}

/** A turn of the cluster that speaks most between two times. @param turns of one track, in order of time. */
function mainTurn(turns: readonly Turn[], fromMs: number, toMs: number): Turn | undefined {
  const spoken = new Map<string, { turn: Turn; ms: number }>();
  for (let i = firstEndingAfter(turns, fromMs); i < turns.length; i += 1) {
    const turn = turns[i];
    if (!turn || turn.start_ms >= toMs) break;
    const ms = Math.min(toMs, turn.end_ms) - Math.max(fromMs, turn.start_ms);
    const before = spoken.get(turn.cluster_id);
    spoken.set(turn.cluster_id, { turn: before?.turn ?? turn, ms: (before?.ms ?? 0) + ms });
  }
  return [...spoken.values()].sort((a, b) => b.ms - a.ms)[0]?.turn;
}

/** Turns of a track don't overlap, so their ends are in order too: a binary search, for meetings of a day. */
function firstEndingAfter(turns: readonly Turn[], ms: number): number {
  let [low, high] = [0, turns.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((turns[middle]?.end_ms ?? 0) > ms) high = middle;
    else low = middle + 1;
  }
  return low;
}
