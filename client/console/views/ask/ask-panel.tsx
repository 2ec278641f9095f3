/** A question, its answer as it comes, and the places it rests on, each to be heard. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { ChatCitation, ChatDocument } from "../../../index.ts";
import type { Asking } from "../../state/asking.ts";
import { addressOf } from "../../state/route.ts";

interface Props {
  readonly asking: Asking;
  /** Such as "Ask this meeting". */
  readonly label: string;
  readonly onPlace: (place: ChatCitation) => void;
}

export function AskPanel({ asking, label, onPlace }: Props): JSX.Element {
  useEffect(() => () => asking.stop(), [asking]);
  const isAnswering = asking.isAnswering.value;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (isAnswering) asking.stop();
    else void asking.ask();
  };
  return (
    <section class="ask" aria-label={label}>
      <form class="ask-form" onSubmit={submit}>
        <input
          class="input"
          aria-label={label}
          placeholder={label}
          maxLength={10_000}
          value={asking.question.value}
          onInput={(event) => (asking.question.value = event.currentTarget.value)}
        />
        <button type="submit" class="button">
          {isAnswering ? "Stop" : "Ask"}
        </button>
      </form>
      <div class="ask-answer" role="status" aria-busy={isAnswering}>
        {asking.insteadOf.value !== undefined && (
          <p class="ask-note">{asking.insteadOf.value} can’t answer now: these are the words themselves.</p>
        )}
        {asking.text.value !== "" && (
          <p class="ask-text">
            {partsOf(asking.text.value).map((part, index) => {
              const place = typeof part === "number" ? asking.citations.value.get(part) : undefined;
              const document = typeof part === "number" ? asking.documents.value.get(part) : undefined;
              if (document) return <DocumentPlace key={index} document={document} />;
              return place ? <Place key={index} place={place} onPlace={onPlace} /> : shown(part);
            })}
          </p>
        )}
        {asking.problem.value !== undefined && <p class="ask-note">{asking.problem.value}</p>}
      </div>
    </section>
  );
}

function Place({ place, onPlace }: { readonly place: ChatCitation; readonly onPlace: Props["onPlace"] }): JSX.Element {
  const who = place.speaker === null ? "" : `${place.speaker}, `;
  const title = `${place.n}: listen, ${who}${Math.floor(place.start_ms / 60_000)} min ${Math.floor(place.start_ms / 1_000) % 60} s`;
  return (
    <button type="button" class="ask-place" aria-label={title} title={title} onClick={() => onPlace(place)}>
      {place.n}
    </button>
  );
}

function DocumentPlace({ document: { n, title } }: { readonly document: ChatDocument }): JSX.Element {
  return (
    <a class="ask-place" href={addressOf.documents} aria-label={`${n}: in your document ${title}`} title={title}>
      {n}
    </a>
  );
}

const shown = (part: string | number): string => (typeof part === "number" ? "" : part);

/** Text, and the numbers of places in it. */
function partsOf(text: string): (string | number)[] {
  return text.split(/\[(\d+)\]/).map((part, index) => (index % 2 === 1 ? Number(part) : part));
}
