/**
 * Names from utterances that come after their audio was resolved. (One that comes before goes to the service along
 * with its window; one that comes while that window is away is looked at once it is back.) Who introduces himself by a name of the roster gives it to the cluster that speaks there.
 */
import type { EventBody } from "../../../schemas/speech/events.ts";
import { runNow } from "../../../schemas/lib/steps.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";
import { bindingOf, clusterOfTurn, isRefused } from "../../../schemas/speech/speaker-view.ts";
import { standingStretches } from "../../../schemas/speech/stretches.ts";
import type { Utterance } from "../../../schemas/speech/utterances.ts";
import type { EventLog } from "../events/event-log.ts";
import type { Tracks } from "../tracks/tracks.ts";
import { findIntroduction } from "../../shared/diarizer/names.ts";
import type { SpeakerBook } from "./speaker-book.ts";

export interface IntroductionSources {
  readonly tracks: Tracks;
  readonly events: EventLog;
  readonly speakers: SpeakerBook;
}

/** @returns the binding that a late utterance makes, if it makes one. */
export function bindingFrom(sources: IntroductionSources, utterance: Utterance): EventBody | undefined {
  const { tracks, speakers } = sources;
  const { track, start_ms, end_ms, text, final } = utterance;
  // What somebody is about to say may become another name.
  if (final === false) return undefined;
  if (!tracks.row(track) || (start_ms + end_ms) / 2 >= tracks.watermarks.resolvedSeq(track) * chunkMs) return undefined;
  const found = findIntroduction(text, speakers.expected);
  const name = found?.strong ? found.rosterName : undefined;
  const { view } = speakers;
  if (name === undefined || [...view.bindings.values()].some((binding) => binding.name === name)) return undefined;
  const cluster_id = speakerBetween(sources, track, start_ms, end_ms);
  if (cluster_id === undefined || bindingOf(view, cluster_id) || isRefused(view, cluster_id, name)) return undefined;
  const evidence = { name_hit: found?.said ?? name, roster_hit: name };
  return { type: "speaker.bound", cluster_id, speaker_name: name, decision: "auto", evidence, by: "inference" };
}

/** The cluster that speaks most in a stretch of a track. */
function speakerBetween(
  { events, speakers }: IntroductionSources,
  track: string,
  fromMs: number,
  toMs: number,
): string | undefined {
  const spoken = new Map<string, number>();
  const resolved = events.resolvedBetween(track, fromMs, toMs);
  for (const { event, start_ms, end_ms } of runNow(standingStretches(resolved, speakers.view)).get(track) ?? []) {
    const [start, end] = [Math.max(fromMs, start_ms), Math.min(toMs, end_ms)];
    const id = clusterOfTurn(speakers.view, event);
    if (end > start) spoken.set(id, (spoken.get(id) ?? 0) + end - start);
  }
  return [...spoken].sort((a, b) => b[1] - a[1])[0]?.[0];
}
