/** A question, its answer as it comes, and the places it rests on, each to be heard. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { ChatCitation, ChatDocument } from "../../../index.ts";
import { Icon } from "../../parts/icons.tsx";
import { countWords } from "../../parts/words.ts";
import type { Asking } from "../../state/asking.ts";
import { addressOf } from "../../state/route.ts";

interface Props {
  readonly asking: Asking;
  /** Such as "Ask this meeting". */
  readonly label: string;
  /** Where a place is, for the list of places: `0:03`. */
  readonly whereOf: (place: ChatCitation) => string;
  readonly onPlace: (place: ChatCitation) => void;
}

export function AskPanel({ asking, label, whereOf, onPlace }: Props): JSX.Element {
  useEffect(() => () => asking.stop(), [asking]);
  const isAnswering = asking.isAnswering.value;
  const stop = (event: Event): void => {
    // It is the button that asks by the time that the browser acts on the click.
    event.preventDefault();
    asking.stop();
  };
  return (
    <section class="ask" aria-label={label}>
      <form
        class="ask-form"
        onSubmit={(event) => {
          event.preventDefault();
          void asking.ask();
        }}
      >
        <input
          class="input"
          dir="auto"
          aria-label={label}
          placeholder={label}
          maxLength={10_000}
          value={asking.question.value}
          onInput={(event) => (asking.question.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") asking.stop();
          }}
        />
        <button type={isAnswering ? "button" : "submit"} class="button" {...(isAnswering && { onClick: stop })}>
          {isAnswering ? "Stop" : "Ask"}
        </button>
      </form>
      {/* Told once it is whole: a screen reader would begin anew with every word that comes. */}
      <p class="visually-hidden" role="status">
        {toldOf(asking)}
      </p>
      <div class="ask-answer" aria-busy={isAnswering}>
        <Notes asking={asking} />
        {asking.text.value !== "" && (
          <p class="ask-text" dir="auto">
            {partsOf(asking.text.value).map(({ text, word, n }, index) => [
              text,
              n !== undefined && (
                <span key={index} class="ask-held">
                  {word}
                  <Source n={n} asking={asking} onPlace={onPlace} />
                </span>
              ),
            ])}
          </p>
        )}
        {asking.cut.value !== undefined && (
          <p class="ask-note">
            {asking.cut.value === "length"
              ? "The answer is cut off: the model wrote as much as it may. Ask for less."
              : "The model withheld the answer, or the rest of it."}
          </p>
        )}
        <Places asking={asking} whereOf={whereOf} onPlace={onPlace} />
      </div>
    </section>
  );
}

function Notes({ asking }: Pick<Props, "asking">): JSX.Element {
  const { insteadOf, problem, isStopped, isAnswering, text } = asking;
  return (
    <>
      {isAnswering.value && text.value === "" && <p class="ask-note">Looking for an answer…</p>}
      {insteadOf.value !== undefined && <p class="ask-note breaks">{insteadOf.value}</p>}
      {problem.value !== undefined && (
        <p class="ask-note is-problem">
          <Icon name="warning" size={16} /> {problem.value}
        </p>
      )}
      {isStopped.value && <p class="ask-note">Stopped.</p>}
    </>
  );
}

/** Who said it and where: in the text there is room for a number alone. */
function Places({ asking, whereOf, onPlace }: Omit<Props, "label">): JSX.Element | null {
  const places = [...asking.citations.value.values()];
  const documents = [...asking.documents.value.values()];
  if (places.length + documents.length === 0) return null;
  return (
    <ul class="ask-places" aria-label="What the answer rests on">
      {places.map((place) => (
        <li key={place.n}>
          <button type="button" class="ask-where" onClick={() => onPlace(place)}>
            <Icon name="play" size={14} /> {place.n}
            <span class="ask-source">
              <bdi>{place.speaker ?? "Somebody"}</bdi> <span class="hint">{whereOf(place)}</span>
            </span>
          </button>
        </li>
      ))}
      {documents.map(({ n, title }) => (
        <li key={n}>
          <a class="ask-where" href={addressOf.documents}>
            <Icon name="file" size={14} /> {n}
            <span class="ask-source">
              <bdi>{title}</bdi> <span class="hint">your document</span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

/** What a number in the text stands for; nothing, as long as that is not told. */
function Source({ n, asking, onPlace }: Omit<Props, "label" | "whereOf"> & { readonly n: number }): JSX.Element | null {
  const document = asking.documents.value.get(n);
  if (document) return <DocumentPlace document={document} />;
  const place = asking.citations.value.get(n);
  return place ? <Place place={place} onPlace={onPlace} /> : null;
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

/** What who reads by ear is told: that it works, and then all of it. */
function toldOf({ isAnswering, text, insteadOf, problem, isStopped, citations, documents }: Asking): string {
  if (isAnswering.value) return "Looking for an answer…";
  const count = citations.value.size + documents.value.size;
  return [
    insteadOf.value,
    text.value.replaceAll(/\s*\[\d+\]/g, ""),
    count > 0 ? `It rests on ${countWords(count, "place", "places")}.` : undefined,
    problem.value,
    isStopped.value ? "Stopped." : undefined,
  ]
    .filter(Boolean)
    .join(" ");
}

interface Part {
  readonly text: string;
  /** Its last word, where a place follows: the two stay on one line. */
  readonly word: string;
  readonly n: number | undefined;
}

/** Text, and the numbers of places in it. */
function partsOf(text: string): Part[] {
  return [...text.matchAll(/([^]*?)(\S{0,20}[ \u00a0]?)(?:\[(\d+)\]|$)/g)].map(([, before = "", word = "", n]) =>
    n === undefined ? { text: before + word, word: "", n } : { text: before, word, n: Number(n) },
  );
}
