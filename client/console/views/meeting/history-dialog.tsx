/** Who decided what of the speakers. */
import type { JSX } from "preact";
import { Dialog } from "../../parts/dialog.tsx";
import { whenWords } from "../../parts/words.ts";
import { now } from "../../state/clock.ts";
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
  return (
    <Dialog title="Who decided what" onClose={onClose}>
      {entries.length === 0 ? (
        <p class="empty-line">Nobody was named yet.</p>
      ) : (
        <ol class="history">
          {entries.slice(0, maxShown).map(({ eventId, at, by, words }) => (
            <li key={eventId}>
              <strong>{deciders[by]}</strong> {words}
              <span class="hint"> {whenWords(Date.parse(at), now.value)}</span>
            </li>
          ))}
        </ol>
      )}
    </Dialog>
  );
}
