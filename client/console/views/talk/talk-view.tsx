/** "Talk to an AI": a conversation by voice. Who speaks, what both sides said, and its end. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Icon } from "../../parts/icons.tsx";
import {
  endTalk,
  interruptTalk,
  lines,
  phase,
  problem,
  startTalk,
  talkSession,
  type TalkPhase,
} from "../../state/talk.ts";
import { addressOf } from "../../state/route.ts";

const phaseWords: Readonly<Record<TalkPhase | "opening", string>> = {
  opening: "Connecting…",
  resuming: "Connecting to the model…",
  listening: "It listens. Speak.",
  thinking: "It thinks…",
  speaking: "It speaks. Speak up to interrupt it.",
  interrupted: "It listens: you interrupted it.",
  closing: "It says goodbye.",
  ended: "The conversation is over.",
};

export function TalkView(): JSX.Element {
  const now = phase.value;
  const isRunning = now !== undefined && now !== "ended";
  return (
    <section class="page is-narrow">
      <h1>Talk to an AI</h1>
      {isRunning ? <Conversation now={now} /> : <Beginning />}
      {problem.value !== undefined && (
        <p class="strand-warning" role="alert">
          <Icon name="warning" size={16} /> {problem.value}
        </p>
      )}
      <Said />
      {now === "ended" && talkSession.value !== undefined && (
        <p>
          <a class="button" href={addressOf.meeting(talkSession.value)}>
            Open the meeting it is kept as
          </a>
        </p>
      )}
    </section>
  );
}

function Beginning(): JSX.Element {
  const questions = useSignal("");
  const asked = (): string[] =>
    questions.value
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
  return (
    <div class="card running">
      <p class="lead">
        It asks questions by voice, waits for your answers and thanks you. Both sides are kept as a meeting.
      </p>
      <label class="field">
        <span>Questions, one on each line; none for its own</span>
        <textarea
          rows={4}
          value={questions.value}
          onInput={({ currentTarget }) => {
            questions.value = currentTarget.value;
          }}
        />
      </label>
      <div class="row is-center">
        <button type="button" class="button is-primary is-large" onClick={() => void startTalk(asked())}>
          <Icon name="mic" /> Start talking
        </button>
      </div>
    </div>
  );
}

function Conversation({ now }: { readonly now: TalkPhase | "opening" }): JSX.Element {
  return (
    <div class="card running">
      <p class="safety" role="status">
        <Icon name={now === "speaking" ? "screen" : "mic"} />
        {phaseWords[now]}
      </p>
      <div class="row is-center">
        <button type="button" class="button is-large" disabled={now !== "speaking"} onClick={interruptTalk}>
          <Icon name="mic" /> Interrupt
        </button>
        <button type="button" class="big-stop" disabled={now === "opening"} onClick={() => void endTalk()}>
          <Icon name="stop" /> End
        </button>
      </div>
    </div>
  );
}

function Said(): JSX.Element | null {
  if (lines.value.length === 0) return null;
  return (
    <ol class="talk-lines" aria-label="What was said">
      {lines.value.map(({ id, isModel, text }) => (
        <li key={id} class={isModel ? "talk-line is-model" : "talk-line"}>
          <strong>{isModel ? "AI" : "You"}</strong> {text}
        </li>
      ))}
    </ol>
  );
}
