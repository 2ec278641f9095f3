/**
 * Who speaks where in a stretch of a track, as far as it is resolved: what captions need so that no piece crosses from one speaker to
 * the next (SPEC Q4). A view of the log and of the watermarks; changes nothing.
 */
import { runNow } from "../../../schemas/lib/steps.ts";
import { clusterOfTurn } from "../../../schemas/speech/speaker-view.ts";
import type { SpokenTurns } from "../../../schemas/speech/spoken-turns.ts";
import { standingStretches } from "../../../schemas/speech/stretches.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";
import type { IntroductionSources } from "./introductions.ts";

export function turnsBetween(
  { tracks, events, speakers }: IntroductionSources,
  track: string,
  fromMs: number,
  toMs: number,
  isResolving: boolean,
): SpokenTurns {
  const row = tracks.row(track);
  if (!row) return { last_seq: 0, is_ended: false, resolved_ms: 0, is_resolving: false, turns: [] };
  const resolved = events.resolvedBetween(track, fromMs, toMs);
  const standing = runNow(standingStretches(resolved, speakers.view)).get(track) ?? [];
  return {
    last_seq: row.last_seq,
    is_ended: row.end_seq !== null && row.end_seq <= tracks.watermarks.contiguousSeq(track),
    resolved_ms: tracks.watermarks.resolvedSeq(track) * chunkMs,
    is_resolving: isResolving,
    turns: standing
      .filter(({ start_ms, end_ms }) => end_ms > fromMs && start_ms < toMs)
      .map(({ event, start_ms, end_ms }) => ({ start_ms, end_ms, cluster_id: clusterOfTurn(speakers.view, event) })),
  };
}
