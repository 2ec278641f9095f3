import type { JSX } from "preact";
import type { SessionSummary } from "../../../index.ts";
import { Icon } from "../../parts/icons.tsx";
import { StatusPill } from "../../parts/status-pill.tsx";
import { lengthWords, namesWords, shareWords, whenWords } from "../../parts/words.ts";
import { now } from "../../state/clock.ts";
import { addressOf } from "../../state/route.ts";

interface Props {
  readonly meeting: SessionSummary;
  readonly onDelete: () => void;
}

export function MeetingRow({ meeting, onDelete }: Props): JSX.Element {
  const { session_id: id, status, created_at: created, duration_ms: duration, coverage, people } = meeting;
  const title = meeting.title ?? id;
  return (
    <li class="meeting-row">
      <a class="meeting-link" href={addressOf.meeting(id)}>
        <span class="meeting-title" dir="auto" title={title}>
          {title}
        </span>
        <span class="meeting-facts">
          <time dateTime={created}>{whenWords(Date.parse(created), now.value)}</time>
          <span>{lengthWords(duration)}</span>
          {people.length > 0 && <span class="breaks">{namesWords(people)}</span>}
          <span class={coverage < 1 ? "is-gap" : ""}>{shareWords(coverage)} kept</span>
          {meeting.overdue_seconds !== undefined && meeting.overdue_seconds > 0 && (
            <span class="is-gap">{meeting.overdue_seconds} s not stored yet</span>
          )}
        </span>
      </a>
      <StatusPill status={status} />
      <button
        type="button"
        class="icon-button row-tool"
        aria-label={`Delete ${title}`}
        title="Delete"
        onClick={onDelete}
      >
        <Icon name="trash" />
      </button>
    </li>
  );
}
