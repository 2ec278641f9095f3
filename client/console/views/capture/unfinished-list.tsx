/** Recordings that a reload or a crash cut off: to go on with, or to bring to their end. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "../../parts/dialog.tsx";
import { whenWords } from "../../parts/words.ts";
import { now } from "../../state/clock.ts";
import { continueRecording, finishRecording, isOpening } from "../../state/recording.ts";
import { forget, type Unfinished, unfinished } from "../../state/unfinished.ts";

export function UnfinishedList(): JSX.Element | null {
  if (unfinished.value.length === 0) return null;
  return (
    <section class="card unfinished" aria-labelledby="unfinished-title">
      <h2 id="unfinished-title">Cut off</h2>
      <ul class="stack">
        {unfinished.value.map((noted) => (
          <Row key={noted.sessionId} noted={noted} />
        ))}
      </ul>
    </section>
  );
}

function Row({ noted }: { readonly noted: Unfinished }): JSX.Element {
  const [isForgetting, setForgetting] = useState(false);
  return (
    <li class="unfinished-row">
      <p>
        <strong class="breaks">{noted.title || noted.sessionId}</strong>
        <br />
        <span class="hint">
          begun {whenWords(noted.startedAt, now.value)}; what was recorded is safe in this browser
        </span>
      </p>
      <div class="row">
        {!noted.isEnding && (
          <button
            type="button"
            class="button is-primary"
            disabled={isOpening.value}
            onClick={() => void continueRecording(noted)}
          >
            Continue
          </button>
        )}
        <button
          type="button"
          class={noted.isEnding ? "button is-primary" : "button"}
          disabled={isOpening.value}
          onClick={() => void finishRecording(noted)}
        >
          Send the rest, and end
        </button>
        <button type="button" class="button is-quiet" onClick={() => setForgetting(true)}>
          Forget
        </button>
      </div>
      {isForgetting && (
        <Dialog title="Forget what was not sent?" onClose={() => setForgetting(false)}>
          <p class="lead">
            Seconds of this recording that the gateway does not keep yet are only in this browser. They would be lost.
          </p>
          <div class="row is-end">
            <button type="button" class="button" onClick={() => setForgetting(false)}>
              Keep them
            </button>
            <button type="button" class="button is-danger" onClick={() => void forget(noted)}>
              Forget them
            </button>
          </div>
        </Dialog>
      )}
    </li>
  );
}
