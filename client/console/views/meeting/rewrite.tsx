/** Has the kept audio written down, by a model of one's choice, and shows how far that is. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { Dialog } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { credential } from "../../state/access.ts";
import type { Meeting } from "../../state/meeting.ts";
import { lookForModels, transcribers } from "../../state/models.ts";
import { Rewriting } from "../../state/rewriting.ts";

export function Rewrite({ meeting }: { readonly meeting: Meeting }): JSX.Element | null {
  const rewriting = useMemo(() => new Rewriting(meeting), [meeting]);
  const isChoosing = useSignal(false);
  useEffect(() => {
    // A meeting's token is for this meeting, and may ask nothing of the installation.
    if (credential.value?.kind !== "token") void lookForModels();
    return rewriting.open();
  }, [rewriting]);
  const known = transcribers.value;
  if (rewriting.isRunning.value) return <Progress rewriting={rewriting} />;
  if (known.length === 0 || meeting.tracks.value.length === 0) return null;
  const label = meeting.captions.value.length > 0 ? "Transcribe again" : "Transcribe";
  const begin = (model: string | undefined): void => {
    isChoosing.value = false;
    void rewriting.begin(model);
  };
  return (
    <>
      <button type="button" class="button" disabled={rewriting.isBusy.value} onClick={() => (isChoosing.value = true)}>
        {label}…
      </button>
      {isChoosing.value && (
        <Dialog title={`${label} with`} onClose={() => (isChoosing.value = false)}>
          <p class="lead">
            All that is kept so far is written down by this model. What people wrote stays; earlier versions of the
            result too.
          </p>
          <div class="stack">
            {known.map(({ id, is_preferred: isPreferred }) => (
              <button key={id} type="button" class="button is-choice" onClick={() => begin(id)}>
                <span class="is-code breaks">{id}</span>
                {isPreferred && <span class="hint">preferred</span>}
              </button>
            ))}
          </div>
        </Dialog>
      )}
    </>
  );
}

function Progress({ rewriting }: { readonly rewriting: Rewriting }): JSX.Element {
  const percent = Math.floor(rewriting.share.value * 100);
  return (
    <div class="transcription">
      <span>
        <span role="status">Being written down</span>, <span class="is-number">{percent} %</span>
      </span>
      <progress max={100} value={percent} aria-label="Transcription" />
      <button
        type="button"
        class="icon-button"
        aria-label="Stop writing it down"
        title="Stop writing it down"
        onClick={() => void rewriting.cancel()}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}
