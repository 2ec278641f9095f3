/** "What happened to meeting X at 10:04": a line for each piece of work, as `npm run trace` prints them. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Trace } from "../../../index.ts";
import { lookAtTrace, traced, traceProblem } from "../../state/operate.ts";

const around = 5;

/** @param asked a meeting that was chosen elsewhere on the page. */
export function TraceCard({ asked }: { readonly asked: string }): JSX.Element {
  const [sessionId, setSessionId] = useState("");
  const [at, setAt] = useState("");
  useEffect(() => {
    if (asked === "") return;
    setSessionId(asked);
    setAt("");
    void lookAtTrace(asked, "", around);
  }, [asked]);
  const ask = (event: Event): void => {
    event.preventDefault();
    void lookAtTrace(sessionId.trim(), at, around);
  };
  return (
    <section class="card">
      <h2>What happened to a meeting</h2>
      <form class="operate-ask" onSubmit={ask}>
        <label>
          <span>Meeting</span>
          <input
            class="input"
            required
            value={sessionId}
            onInput={({ currentTarget }) => setSessionId(currentTarget.value)}
          />
        </label>
        <label>
          <span>Around (else: the last hour)</span>
          <input
            class="input"
            type="datetime-local"
            value={at}
            onInput={({ currentTarget }) => setAt(currentTarget.value)}
          />
        </label>
        <button type="submit" class="button is-primary">
          Show
        </button>
      </form>
      {traceProblem.value !== undefined && (
        <p class="banner is-problem" role="alert">
          {traceProblem.value}
        </p>
      )}
      {traced.value && <Lines trace={traced.value} />}
    </section>
  );
}

function Lines({ trace }: { readonly trace: Trace }): JSX.Element {
  const { session_id, lines, is_cut: isCut } = trace;
  if (lines.length === 0) return <p class="hint">Nothing is known of {session_id} in that time.</p>;
  return (
    <>
      <p class="hint">
        {lines.length} lines of {session_id}
        {isCut && "; there are more: choose a time"}
      </p>
      <div class="usage-scroll" role="region" aria-label="Lines" tabIndex={0}>
        <table class="usage-table is-words operate-lines">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Level</th>
              <th scope="col">What</th>
              <th scope="col">Facts</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line, index) => (
              // Two lines may be the same in everything.
              <tr key={index} class={line.level === "info" ? "" : "is-problem"}>
                <td title={line.at}>{timeOf.format(Date.parse(line.at))}</td>
                <td>{line.level}</td>
                <td>{line.event}</td>
                <td>{factsOf(line)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** In the person's own time, as in the field above. */
const timeOf = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const named = new Set(["at", "level", "event", "tenant", "session_id", "trace_id"]);

/** @returns what is of this line alone first, and last what it shares with others. */
function factsOf(line: Trace["lines"][number]): string {
  return [...Object.entries(line).filter(([name]) => !named.has(name)), ["trace_id", line["trace_id"]]]
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(" ");
}
