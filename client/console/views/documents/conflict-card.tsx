/** Two versions of one document, side by side, with a choice between them or a version of one's own. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SyncConflict } from "../../../index.ts";
import { isSending, settle, textOfVersion } from "../../state/own-documents.ts";

interface Texts {
  readonly theirs: string;
  readonly yours: string;
}

export function ConflictCard({ conflict }: { readonly conflict: SyncConflict }): JSX.Element {
  const { conflict_id, id, theirs, yours, revision } = conflict;
  const [texts, setTexts] = useState<Texts | undefined>(undefined);
  const [own, setOwn] = useState<string | undefined>(undefined);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    let isHere = true;
    Promise.all([textOfVersion(theirs), textOfVersion(yours)]).then(
      ([standing, second]) => isHere && setTexts({ theirs: standing, yours: second }),
      () => isHere && setFailed(true),
    );
    return () => {
      isHere = false;
    };
  }, [conflict_id, revision]);
  const title = theirs?.title ?? yours?.title ?? id;
  return (
    <section class="card conflict" aria-label={`Conflict: ${title}`}>
      <h2 class="breaks">Two versions of {title}</h2>
      <p class="hint">Two devices changed it without knowing of each other. Both are kept until you choose.</p>
      {hasFailed && <p class="banner is-problem">The texts did not come. Open this page again.</p>}
      <div class="conflict-sides">
        <Side head="What stands" by={theirs} text={texts?.theirs} />
        <Side head="What came second" by={yours} text={texts?.yours} />
      </div>
      {own === undefined ? (
        <div class="conflict-choices">
          <button
            type="button"
            class="button"
            disabled={isSending.value}
            onClick={() => void settle(conflict_id, "theirs")}
          >
            Keep what stands
          </button>
          <button
            type="button"
            class="button"
            disabled={isSending.value}
            onClick={() => void settle(conflict_id, "mine")}
          >
            Take what came second
          </button>
          <button type="button" class="button" disabled={!texts} onClick={() => setOwn(texts?.theirs ?? "")}>
            Write one from both
          </button>
        </div>
      ) : (
        <form
          class="conflict-own"
          onSubmit={(event) => {
            event.preventDefault();
            void settle(conflict_id, { own });
          }}
        >
          <textarea
            class="input"
            aria-label={`One version of ${title}`}
            rows={10}
            value={own}
            onInput={({ currentTarget }) => setOwn(currentTarget.value)}
          />
          <div class="conflict-choices">
            <button type="submit" class="button is-primary" disabled={isSending.value || own.trim() === ""}>
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
}

function Side({ head, by, text }: SideProps): JSX.Element {
  const isGone = by === null || by.deleted;
  return (
    <div class="conflict-side">
      <h3>{head}</h3>
      {by && (
        <p class="hint">
          {by.device_id}, {new Date(by.at).toLocaleString()}
        </p>
      )}
      {isGone ? (
        <p>Deleted.</p>
      ) : (
        <pre tabIndex={0} aria-label={head}>
          {text ?? "…"}
        </pre>
      )}
    </div>
  );
}
