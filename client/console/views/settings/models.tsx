/** The models that write down and speak here, in the order in which they are asked. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { SpeechModel } from "../../../index.ts";
import { lookForModels, models, modelsProblem } from "../../state/models.ts";
import { repeatWhileSeen } from "../../state/repeat.ts";

const everyMs = 10_000;
const kinds: readonly (readonly [SpeechModel["kind"], string])[] = [
  ["stt", "Write down what is said"],
  ["tts", "Speak"],
  ["chat", "Answer questions"],
];
const circuits: Readonly<Record<SpeechModel["circuit"], string | undefined>> = {
  closed: undefined,
  open: "fails, and is left alone for a while",
  half_open: "failed, and is tried again",
};

export function Models(): JSX.Element {
  useEffect(() => repeatWhileSeen(everyMs, lookForModels), []);
  const known = models.value;
  return (
    <section class="card">
      <h2>Models</h2>
      {known === undefined || known.length === 0 ? (
        <p class="hint">
          {modelsProblem.value ?? (known ? "None: meetings are kept, and nothing is written down." : "Loading…")}
        </p>
      ) : (
        <dl class="facts">
          {kinds.map(([kind, name]) => {
            const own = known.filter((model) => model.kind === kind);
            return (
              own.length > 0 && (
                <div key={kind}>
                  <dt>{name}</dt>
                  <dd>
                    <ul class="models">
                      {own.map((model) => (
                        <Model key={model.id} model={model} />
                      ))}
                    </ul>
                  </dd>
                </div>
              )
            );
          })}
        </dl>
      )}
    </section>
  );
}

function Model({ model: { id, is_preferred: isPreferred, circuit } }: { readonly model: SpeechModel }): JSX.Element {
  const notes = [isPreferred ? undefined : "used when chosen", circuits[circuit]].filter((note) => note !== undefined);
  return (
    <li>
      <span class="is-code breaks">{id}</span> {notes.length > 0 && <span class="hint">{notes.join(", ")}</span>}
    </li>
  );
}
