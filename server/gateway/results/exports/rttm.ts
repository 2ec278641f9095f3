/** Rich Transcription Time Marked (NIST RT-09 evaluation plan, appendix A): who speaks when, one turn a line. */
import { defaultTrack } from "../../../../schemas/names.ts";
import { type Meeting, nameOf } from "./meeting.ts";

/** Each track is a file of its own: the session's id for `mixed`, else `<session id>.<track>`. Times in seconds. */
export function toRttm({ sessionId, timeline }: Meeting): string {
  return timeline
    .map((turn) => {
      const file = turn.track === defaultTrack ? sessionId : `${sessionId}.${turn.track}`;
      const [start, duration] = [turn.start_ms, turn.end_ms - turn.start_ms].map((ms) => (ms / 1_000).toFixed(3));
      // Fields are parted by blanks, so a name can't hold one.
      const name = nameOf(turn).replace(/\s+/g, "_");
      return `SPEAKER ${file} 1 ${start} ${duration} <NA> <NA> ${name} <NA> <NA>\n`;
    })
    .join("");
}
