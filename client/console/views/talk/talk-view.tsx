/** "Talk to an AI": a conversation by voice. Who speaks, what both sides said, and its end. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
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
import { phaseWords } from "./talk-words.ts";

export function TalkView(): JSX.Element {
  const now = phase.value;
  const isRunning = now !== undefined && now !== "ended";
  return (
    <section class="page is-narrow">
      <h1>Talk to an AI</h1>
      {isRunning && <Conversation now={now} />}
      {problem.value !== undefined && (
        <p class="banner is-problem" role="alert">
          <Icon name="warning" /> {problem.value}
        </p>
      )}
      {now === "ended" && talkSession.value !== undefined && <Ended session={talkSession.value} />}
      <Said />
      {!isRunning && <Beginning isAgain={now === "ended"} />}
    </section>
  );
}

function Ended({ session }: { readonly session: string }): JSX.Element {
  return (
    <p class="banner talk-ended" role="status">
      <Icon name="check" />
      <span class="grows">{phaseWords.ended}</span>
      <a class="button" href={addressOf.meeting(session)}>
        Open the meeting it is kept as
      </a>
    </p>
  );
}

function Beginning({ isAgain }: { readonly isAgain: boolean }): JSX.Element {
  const questions = useSignal("");
  const questionsId = useId();
  const asked = (): string[] =>
    questions.value
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
  return (
    <form
      class="card setup"
      onSubmit={(event) => {
        event.preventDefault();
        void startTalk(asked());
      }}
    >
      <p class="lead">
        An AI asks you questions by voice, waits for your answers and thanks you. Both sides are kept as a meeting.
      </p>
      <div class="stack">
        <label for={questionsId}>Questions, one on each line</label>
        <textarea
          id={questionsId}
          class="input"
          rows={4}
          dir="auto"
          placeholder="None: the AI has its own"
          value={questions.value}
          onInput={({ currentTarget }) => {
            questions.value = currentTarget.value;
          }}
        />
      </div>
      <button type="submit" class="big-record">
        <Icon name="mic" /> {isAgain ? "Talk again" : "Start talking"}
      </button>
    </form>
  );
}

function Conversation({ now }: { readonly now: TalkPhase | "opening" }): JSX.Element {
  return (
    <div class="card running">
      <p class="safety" role="status">
        <Icon name={now === "speaking" || now === "closing" ? "listen" : "mic"} />
        {phaseWords[now]}
      </p>
      <div class="row is-center">
        <button type="button" class="button is-large" disabled={now !== "speaking"} onClick={interruptTalk}>
          <Icon name="pause" /> Interrupt
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
          <strong>{isModel ? "AI" : "You"}</strong> <span dir="auto">{text}</span>
        </li>
      ))}
    </ol>
  );
}
