/** What goes on in this tab, whichever view is looked at: a recording, a conversation, or a file on its way. */
import type { JSX } from "preact";
import { now } from "../state/clock.ts";
import { fileProgress } from "../state/file-meeting.ts";
import { recording } from "../state/recording.ts";
import { addressOf, route } from "../state/route.ts";
import { phase } from "../state/talk.ts";
import { phaseWords } from "../views/talk/talk-words.ts";
import { waitingWords } from "../views/capture/waiting-words.ts";
import { clockWords } from "./words.ts";

export function RecordingBar(): JSX.Element | null {
  const current = recording.value;
  if (current && route.value.view !== "capture") {
    const isEnding = current.phase.value !== "recording";
    return (
      <aside class="activity" aria-label="Recording">
        <span class="record-dot is-pulsing" aria-hidden="true" />
        <span class="is-number">{clockWords(now.value - current.startedAt)}</span>
        <span class="activity-words">
          {waitingWords({ waiting: current.waiting.value, isOffline: current.isOffline.value, isEnding })}
        </span>
        <a class="button" href={addressOf.capture}>
          {isEnding ? "See" : "To the recording"}
        </a>
      </aside>
    );
  }
  if (phase.value !== undefined && phase.value !== "ended" && route.value.view !== "talk") {
    return (
      <aside class="activity" aria-label="Conversation">
        <span class="record-dot is-pulsing" aria-hidden="true" />
        <span class="activity-words">{phaseWords[phase.value]}</span>
        <a class="button" href={addressOf.talk}>
          To the conversation
        </a>
      </aside>
    );
  }
  const file = fileProgress.value;
  if (!file) return null;
  const percent = Math.floor((file.keptMs / Math.max(1, file.durationMs)) * 100);
  return (
    <aside class="activity" aria-label="File">
      <progress max={100} value={percent} aria-label={`Of ${file.name}`} />
      <span class="activity-words">
        <bdi>{file.name}</bdi>: {clockWords(file.keptMs)} of {clockWords(file.durationMs)} kept
      </span>
      <a class="button" href={addressOf.meeting(file.sessionId)}>
        See
      </a>
    </aside>
  );
}
