/** Whose turn this is: another speaker's, or a new one's. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Dialog } from "../../parts/dialog.tsx";
import { clockWords } from "../../parts/words.ts";
import type { Corrections } from "../../state/corrections.ts";
import type { Meeting } from "../../state/meeting.ts";
import type { Turn } from "../../../index.ts";

interface Props {
  readonly turn: Turn;
  readonly meeting: Meeting;
  readonly corrections: Corrections;
  readonly onClose: () => void;
}

export function TurnDialog({ turn, meeting, corrections, onClose }: Props): JSX.Element {
  const isBusy = useSignal(false);
  const move = async (to: string | undefined): Promise<void> => {
    isBusy.value = true;
    const taken = await corrections.move(turn.turn_ids, to);
    isBusy.value = false;
    if (taken) onClose();
  };
  const others = meeting.speakers.value.filter(({ clusterId }) => clusterId !== turn.cluster_id);
  return (
    <Dialog title="Who speaks here?" onClose={onClose}>
      <p class="lead">
        From {clockWords(turn.start_ms)} to {clockWords(turn.end_ms)}.
      </p>
      <div class="stack">
        {others.map(({ clusterId, label, colour }) => (
          <button
            key={clusterId}
            type="button"
            class="button is-choice"
            disabled={isBusy.value}
            onClick={() => void move(clusterId)}
          >
            <span class={`dot is-speaker-${colour}`} aria-hidden="true" /> <bdi>{label}</bdi>
          </button>
        ))}
        <button type="button" class="button is-choice" disabled={isBusy.value} onClick={() => void move(undefined)}>
          Somebody else
        </button>
      </div>
    </Dialog>
  );
}
