/** Where a person enters an API key or a session token. It is kept for this tab alone. */
import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { parseCredential } from "../state/access.ts";

interface Props {
  readonly onGiven: (text: string) => void;
  readonly onCancel?: () => void;
  /** What the button says. */
  readonly action?: string;
}

export function CredentialForm({ onGiven, onCancel, action = "Go on" }: Props): JSX.Element {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const [inputId, hintId] = [useId(), useId()];
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (parseCredential(text)) onGiven(text.trim());
        else setProblem("That is neither an API key (rt_…) nor a token. Copy all of it, without blanks.");
      }}
    >
      <label for={inputId}>API key or token</label>
      <input
        id={inputId}
        data-first
        class="input is-code"
        type="password"
        autocomplete="off"
        spellcheck={false}
        placeholder="rt_…"
        value={text}
        aria-describedby={hintId}
        aria-invalid={problem !== ""}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setProblem("");
        }}
      />
      <p id={hintId} class={problem === "" ? "hint" : "hint is-problem"}>
        {problem === "" ? "Kept in this tab alone, and forgotten when you close it." : problem}
      </p>
      <div class="row is-end">
        {onCancel && (
          <button type="button" class="button" onClick={onCancel}>
            Not now
          </button>
        )}
        <button type="submit" class="button is-primary">
          {action}
        </button>
      </div>
    </form>
  );
}
