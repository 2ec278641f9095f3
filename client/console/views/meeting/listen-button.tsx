/** Hears the meeting as it goes on, and says whether it does. */
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { Icon } from "../../parts/icons.tsx";
import { Listening, type ListeningState } from "../../state/listening.ts";

const words: Readonly<Record<ListeningState, string>> = {
  off: "Listen live",
  connecting: "Connecting…",
  on: "Listening",
  reconnecting: "Reconnecting…",
};

export function ListenButton({ sessionId }: { readonly sessionId: string }): JSX.Element {
  const listening = useMemo(() => new Listening(sessionId), [sessionId]);
  useEffect(() => () => listening.stop(), [listening]);
  const state = listening.state.value;
  return (
    <button
      type="button"
      class={state === "off" ? "button" : "button is-on"}
      title={state === "off" ? "Hear the meeting as it goes on" : "Stop listening"}
      onClick={() => listening.toggle()}
    >
      <Icon name="listen" /> <span aria-live="polite">{words[state]}</span>
    </button>
  );
}
