/** Who decided what of the speakers. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { Dialog } from "../../parts/dialog.tsx";
import { whenWords } from "../../parts/words.ts";
import { now } from "../../state/clock.ts";
import { Corrections } from "../../state/corrections.ts";
import { historyOf } from "../../state/history.ts";
import type { Meeting } from "../../state/meeting.ts";

const maxShown = 200;
const deciders = { person: "A person", inference: "Roomtone", room: "Roomtone" } as const;

interface Props {
  readonly meeting: Meeting;
  readonly onClose: () => void;
}

export function HistoryDialog({ meeting, onClose }: Props): JSX.Element {
  const labels = new Map(meeting.speakers.value.map(({ clusterId, label }) => [clusterId, label]));
  const entries = historyOf(meeting.events.value, (clusterId) => labels.get(clusterId) ?? "a speaker");
  const corrections = useMemo(() => new Corrections(meeting), [meeting]);
  const isBusy = useSignal(false);
  const undo = async (eventId: number): Promise<void> => {
    isBusy.value = true;
    await corrections.undo([eventId]);
    isBusy.value = false;
  };
  return (
    <Dialog title="Who decided what" onClose={onClose}>
      {entries.length === 0 ? (
        <p class="empty-line">Nobody was named yet.</p>
      ) : (
        <ol class="history">
          {entries.slice(0, maxShown).map(({ eventId, at, by, words, isUndone, canUndo }) => (
            <li key={eventId}>
              <span class="breaks">
                <strong>{deciders[by]}</strong> <bdi>{words}</bdi>
                <span class="hint">
                  {" "}
                  {whenWords(Date.parse(at), now.value)}
                  {isUndone && ", undone"}
                </span>
              </span>
              {canUndo && (
                <button
                  type="button"
                  class="button"
                  aria-label={`Undo: ${words}`}
                  disabled={isBusy.value}
                  onClick={() => void undo(eventId)}
                >
                  Undo
                </button>
              )}
            </li>
          ))}
        </ol>
      )}
    </Dialog>
  );
}
