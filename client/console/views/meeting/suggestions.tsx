/** "Is this Alice?": what inference would say and leaves to a person. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { Icon } from "../../parts/icons.tsx";
import type { Corrections } from "../../state/corrections.ts";
import type { Meeting } from "../../state/meeting.ts";
import type { Player } from "../../state/player.ts";
import { openSuggestions } from "../../state/suggestions.ts";

interface Props {
  readonly meeting: Meeting;
  readonly player: Player;
  readonly corrections: Corrections;
}

const maxShown = 3;

export function Suggestions({ meeting, player, corrections }: Props): JSX.Element | null {
  const open = useComputed(() => openSuggestions(meeting.events.value));
  if (open.value.length === 0) return null;
  const labels = new Map(meeting.speakers.value.map(({ clusterId, label }) => [clusterId, label]));
  return (
    <ul class="suggestions" aria-label="Questions">
      {open.value.slice(0, maxShown).map(({ clusterId, name, turnId, track, startMs }) => (
        <li key={clusterId} class="banner">
          <Icon name="person" />
          <span class="grows">
            Is <strong>{labels.get(clusterId) ?? "this speaker"}</strong> <bdi>{name}</bdi>?
          </span>
          <span class="row">
            <button
              type="button"
              class="icon-button"
              aria-label="Listen"
              title="Listen"
              onClick={() => player.playFrom((meeting.offsets.value.get(track) ?? 0) + startMs)}
            >
              <Icon name="play" />
            </button>
            <button type="button" class="button" onClick={() => void corrections.judge(turnId, "refused")}>
              No
            </button>
            <button type="button" class="button is-primary" onClick={() => void corrections.judge(turnId, "confirmed")}>
              Yes
            </button>
          </span>
        </li>
      ))}
    </ul>
  );
}
