/** Gaps on a strip of time: each names its stretch and its cause to whoever points at it; the list below the tracks names them to all. */
import type { JSX } from "preact";
import { clockWords } from "../../parts/words.ts";
import type { Gap, GapCause } from "../../state/meeting.ts";
import type { Axis } from "./axis.ts";

/** On one strip: more can't be pointed at. */
const maxMarks = 100;

export const gapWords: Readonly<Record<GapCause, string>> = {
  never_sent: "never came",
  rejected: "came, and was refused",
  capture_stall: "the device gave nothing",
  client_gave_up: "the recorder gave it up",
  not_here_yet: "not here yet",
};

/** The colour of `tokens.css` for a gap: softer while it may be filled. */
export function gapColour({ cause }: Gap): string {
  return cause === "not_here_yet" ? "gap-soft" : "gap";
}

export function GapMarks({ gaps, axis }: { readonly gaps: readonly Gap[]; readonly axis: Axis }): JSX.Element {
  const share = (ms: number): string => `${(ms / Math.max(1, axis.toMs - axis.fromMs)) * 100}%`;
  return (
    <>
      {gaps.slice(0, maxMarks).map(({ track, fromMs, toMs, cause }) => (
        <span
          key={`${track}/${fromMs}`}
          class="gap-mark"
          style={{ left: share(fromMs - axis.fromMs), width: share(toMs - fromMs) }}
          title={`${clockWords(fromMs)}–${clockWords(toMs)}: ${gapWords[cause]}`}
          data-cause={cause}
          aria-hidden="true"
        />
      ))}
    </>
  );
}
