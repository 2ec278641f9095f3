/**
 * Rich Transcription Time Marked (NIST RT-09 evaluation plan, appendix A): who speaks when, one turn a line. Fields are parted
 * by blanks, and a speaker is known by the name alone, a recording by the file alone: each has one that no other has (E2).
 */
import type { Turn } from "../../../../schemas/http/result.ts";
import { defaultTrack } from "../../../../schemas/names.ts";
import { type Document, type MeetingHead, nameOf, type Pieces } from "./meeting.ts";

/** Of the turns alone. */
export function openRttm(meeting: MeetingHead): Document {
  return { begin: () => lines(meeting), entry: () => "", end: function* () {} };
}

/** Each track is a file of its own. Times in seconds. */
function* lines({ sessionId, timeline }: MeetingHead): Pieces {
  const labels = labelsOf(timeline);
  for (const { track, start_ms, end_ms, cluster_id } of timeline) {
    const [start, duration] = [start_ms, end_ms - start_ms].map((ms) => (ms / 1_000).toFixed(3));
    const label = labels.get(cluster_id) ?? cluster_id;
    yield `SPEAKER ${fileOf(sessionId, track)} 1 ${start} ${duration} <NA> <NA> ${label} <NA> <NA>\n`;
  }
}

/**
 * The session's id for `mixed`, else `<session id>.<track>`. No track holds a dot, so that what follows the last one is the
 * track; where the session's id holds one, that is `mixed` too.
 */
function fileOf(sessionId: string, track: string): string {
  return track === defaultTrack && !sessionId.includes(".") ? sessionId : `${sessionId}.${track}`;
}

/** A name for each cluster that no other has: where two would have the same, each has its cluster's id behind it. */
function labelsOf(timeline: readonly Turn[]): Map<string, string> {
  const wanted = new Map<string, string>();
  for (const turn of timeline) {
    if (!wanted.has(turn.cluster_id)) wanted.set(turn.cluster_id, nameOf(turn).replaceAll(" ", "_"));
  }
  const counts = new Map<string, number>();
  for (const label of wanted.values()) counts.set(label, (counts.get(label) ?? 0) + 1);
  // What goes by its cluster's id keeps it. `<NA>` would be nobody.
  const taken = new Set(["<NA>", ...[...wanted].flatMap(([id, label]) => (id === label ? [label] : []))]);
  const labels = new Map<string, string>();
  for (const [id, want] of [...wanted].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let label = want;
    if (id !== want && (taken.has(want) || (counts.get(want) ?? 0) > 1)) label = `${want}_${id}`;
    while (label !== id && taken.has(label)) label = `${label}_${id}`;
    taken.add(label);
    labels.set(id, label);
  }
  return labels;
}
