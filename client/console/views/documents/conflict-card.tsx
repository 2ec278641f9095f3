/** Two versions of one document, side by side, with a choice between them or a version of one's own. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SyncConflict } from "../../../index.ts";
import { whenWords } from "../../parts/words.ts";
import { now } from "../../state/clock.ts";
import { isSending, settle, textOfVersion } from "../../state/own-documents.ts";

interface Texts {
  readonly theirs: string;
  readonly yours: string;
  /** Whose they are: what stands may go on while somebody reads or writes. */
  readonly of: SyncConflict;
}

interface Own {
  readonly text: string;
  /** As it was seen by who writes. */
  readonly against: SyncConflict;
}

export function ConflictCard({ conflict }: { readonly conflict: SyncConflict }): JSX.Element {
  const { conflict_id, id, theirs, yours } = conflict;
  const [texts, setTexts] = useState<Texts | undefined>(undefined);
  const [own, setOwn] = useState<Own | undefined>(undefined);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    let isHere = true;
    Promise.all([textOfVersion(theirs), textOfVersion(yours)]).then(
      ([standing, second]) => isHere && setTexts({ theirs: standing, yours: second, of: conflict }),
      () => isHere && setFailed(true),
    );
    return () => {
      isHere = false;
    };
  }, [conflict_id, theirs?.revision, yours?.revision]);
  const seen = texts?.of ?? conflict;
  const title = theirs?.title ?? yours?.title ?? id;
  return (
    <section class="card conflict" aria-label={`Conflict: ${title}`}>
      <h2 class="breaks">
        Two versions of <bdi>{title}</bdi>
      </h2>
      <p class="hint">Two devices changed it without knowing of each other. Both are kept until you choose.</p>
      {hasFailed && <p class="banner is-problem">The texts did not come. Open this page again.</p>}
      <div class="conflict-sides">
        <Side head="In use now" by={theirs} text={texts?.theirs} other={texts?.yours} />
        <Side head="The other version" by={yours} text={texts?.yours} other={texts?.theirs} />
      </div>
      {own === undefined ? (
        <div class="conflict-choices">
          <button type="button" class="button" disabled={isSending.value} onClick={() => void settle(seen, "theirs")}>
            Keep the one in use
          </button>
          <button type="button" class="button" disabled={isSending.value} onClick={() => void settle(seen, "mine")}>
            Use the other version
          </button>
          <button
            type="button"
            class="button"
            disabled={!texts}
            onClick={() => setOwn({ text: texts?.theirs ?? "", against: seen })}
          >
            Write one from both
          </button>
        </div>
      ) : (
        <form
          class="conflict-own"
          onSubmit={(event) => {
            event.preventDefault();
            void settle(own.against, { own: own.text });
          }}
        >
          <textarea
            class="input"
            aria-label={`One version of ${title}`}
            rows={10}
            value={own.text}
            onInput={({ currentTarget }) => setOwn({ ...own, text: currentTarget.value })}
          />
          <div class="conflict-choices">
            <button type="submit" class="button is-primary" disabled={isSending.value || own.text.trim() === ""}>
              Keep this
            </button>
            <button type="button" class="button" onClick={() => setOwn(undefined)}>
              Back
            </button>
          </div>
        </form>
      )}
    </section>
  );
}

interface SideProps {
  readonly head: string;
  readonly by: SyncConflict["theirs"];
  readonly text: string | undefined;
  /** What it is compared with. */
  readonly other: string | undefined;
}

function Side({ head, by, text, other }: SideProps): JSX.Element {
  const isGone = by === null || by.deleted;
  return (
    <div class="conflict-side">
      <h3>{head}</h3>
      {by && (
        <p class="hint breaks">
          <bdi>{by.device_id}</bdi>, {whenWords(Date.parse(by.at), now.value)}
        </p>
      )}
      {isGone ? (
        <p class="empty-line">Deleted here.</p>
      ) : (
        <pre tabIndex={0} aria-label={head} dir="auto">
          {text === undefined ? "…" : <Marked text={text} other={other ?? ""} />}
        </pre>
      )}
    </div>
  );
}

/** A text with what differs from another one marked: all between the lines with which both begin and end. */
function Marked({ text, other }: { readonly text: string; readonly other: string }): JSX.Element {
  const [lines, others] = [text.split("\n"), other.split("\n")];
  const most = Math.min(lines.length, others.length);
  let head = 0;
  while (head < most && lines[head] === others[head]) head += 1;
  let tail = 0;
  while (tail < most - head && lines.at(-1 - tail) === others.at(-1 - tail)) tail += 1;
  const shown = (from: number, to: number): string => lines.slice(from, to).join("\n");
  const end = lines.length - tail;
  return (
    <>
      {shown(0, head)}
      {head > 0 && "\n"}
      {end > head && <mark>{shown(head, end)}</mark>}
      {tail > 0 && end > head && "\n"}
      {shown(end, lines.length)}
    </>
  );
}
