/** Who a speaker is: a name (the meeting's own people first), or the same person as another one. */
import { useSignal } from "@preact/signals";
import type { JSX, TargetedSubmitEvent } from "preact";
import { useId } from "preact/hooks";
import { Dialog } from "../../parts/dialog.tsx";
import { countWords, lengthWords } from "../../parts/words.ts";
import type { Corrections } from "../../state/corrections.ts";
import type { Meeting } from "../../state/meeting.ts";
import type { Speaker } from "../../state/speakers.ts";

interface Props {
  readonly speaker: Speaker;
  readonly meeting: Meeting;
  readonly corrections: Corrections;
  readonly onClose: () => void;
}

export function SpeakerDialog({ speaker, meeting, corrections, onClose }: Props): JSX.Element {
  const isBusy = useSignal(false);
  const run = async (action: Promise<boolean>): Promise<void> => {
    isBusy.value = true;
    const taken = await action;
    isBusy.value = false;
    if (taken) onClose();
  };
  const others = meeting.speakers.value.filter(({ clusterId }) => clusterId !== speaker.clusterId);
  return (
    <Dialog title={speaker.name === undefined ? `Who is ${speaker.label}?` : speaker.label} onClose={onClose}>
      <p class="lead">
        {countWords(speaker.turns.length, "turn", "turns")}, {lengthWords(speaker.talkMs)} of talk.
      </p>
      <NameForm
        speaker={speaker}
        people={peopleOf(meeting)}
        isBusy={isBusy.value}
        onName={(name) => void run(corrections.name(speaker.clusterId, name))}
      />
      {speaker.name !== undefined && (
        <button
          type="button"
          class="button is-choice"
          disabled={isBusy.value}
          onClick={() => void run(corrections.unname(speaker.clusterId))}
        >
          <span>
            This is not <bdi>{speaker.name}</bdi>
          </span>
        </button>
      )}
      {others.length > 0 && (
        <MergeForm
          speaker={speaker}
          others={others}
          isBusy={isBusy.value}
          onMerge={(into) => void run(corrections.merge(speaker.clusterId, into))}
        />
      )}
    </Dialog>
  );
}

interface NameFormProps {
  readonly speaker: Speaker;
  readonly people: readonly string[];
  readonly isBusy: boolean;
  readonly onName: (name: string) => void;
}

function NameForm({ speaker, people, isBusy, onName }: NameFormProps): JSX.Element {
  const id = useId();
  const text = useSignal(speaker.name ?? "");
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const name = text.value.trim();
    if (name !== "") onName(name);
  };
  return (
    <form class="stack" onSubmit={submit}>
      <label for={id}>Name</label>
      <div class="row">
        <input
          id={id}
          class="input"
          dir="auto"
          value={text.value}
          autocomplete="off"
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        <button class="button is-primary" disabled={isBusy || text.value.trim() === ""}>
          Save
        </button>
      </div>
      {people.length > 0 && (
        <div class="chips" role="group" aria-label="People of this meeting">
          {people.map((name) => (
            <button key={name} type="button" class="chip" disabled={isBusy} onClick={() => onName(name)}>
              <bdi>{name}</bdi>
            </button>
          ))}
        </div>
      )}
    </form>
  );
}

interface MergeFormProps {
  readonly speaker: Speaker;
  readonly others: readonly Speaker[];
  readonly isBusy: boolean;
  readonly onMerge: (into: string) => void;
}

function MergeForm({ speaker, others, isBusy, onMerge }: MergeFormProps): JSX.Element {
  const id = useId();
  const into = useSignal("");
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (into.value !== "") onMerge(into.value);
      }}
    >
      <label for={id}>Or the same person as</label>
      <div class="row">
        <select id={id} class="input" value={into.value} onChange={(event) => (into.value = event.currentTarget.value)}>
          <option value="">Choose…</option>
          {others.map(({ clusterId, label }) => (
            <option key={clusterId} value={clusterId}>
              {label}
            </option>
          ))}
        </select>
        <button class="button" disabled={isBusy || into.value === ""}>
          Join
        </button>
      </div>
      {into.value !== "" && (
        <p class="hint breaks">
          All that <bdi>{speaker.label}</bdi> said is then shown as said by the other one, here and for everybody.
        </p>
      )}
    </form>
  );
}

/** Who was expected, and is nobody yet. */
function peopleOf(meeting: Meeting): readonly string[] {
  const taken = new Set(meeting.speakers.value.map(({ name }) => name));
  const roster = meeting.session.value?.roster?.map(({ name }) => name) ?? [];
  return [...new Set(roster)].filter((name) => !taken.has(name));
}
