/** For who runs the installation: what waits, what fails, and what happened to a meeting. Its own part of the page, loaded when it is looked at. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { EdgeHealth } from "../../../index.ts";
import { type Fact, Facts } from "../../parts/facts.tsx";
import { countWords, lengthWords } from "../../parts/words.ts";
import { installation, installationProblem, lookAtInstallation } from "../../state/operate.ts";
import { repeatWhileSeen } from "../../state/repeat.ts";
import { TraceCard } from "./trace-card.tsx";

const everyMs = 5_000;

export function OperateView(): JSX.Element {
  useEffect(() => repeatWhileSeen(everyMs, lookAtInstallation), []);
  const [asked, setAsked] = useState("");
  const known = installation.value;
  const problem = installationProblem.value;
  return (
    <section class="page">
      <header class="page-head">
        <h1>Operate</h1>
      </header>
      {problem !== undefined && (
        <p class="banner is-problem" role="alert">
          {problem}
        </p>
      )}
      {known ? <Known known={known} onAsk={setAsked} /> : problem === undefined && <p class="hint">Loading…</p>}
      <TraceCard asked={asked} />
    </section>
  );
}

interface KnownProps {
  readonly known: EdgeHealth;
  readonly onAsk: (sessionId: string) => void;
}

function Known({ known, onAsk }: KnownProps): JSX.Element {
  const { sessions, archive, inference, captions, models, quota, disk, webhooks, requests, alerts } = known;
  const { switched_off: off } = known;
  const facts: readonly Fact[] = [
    ["State", known.status === "ok" ? "No alert fires" : "Alerts fire"],
    ["Meetings open", `${sessions.open}${sessions.finalizing > 0 ? `, ${sessions.finalizing} being finalized` : ""}`],
    ["Waiting for R2", waits(archive.pending_chunks, archive.oldest_pending_s)],
    [
      "Speaker service",
      inference.meetings_down === 0 ? "answers" : `fails in ${meetingsWords(inference.meetings_down)}`,
    ],
    [
      "Captions",
      captions.meetings_behind === 0
        ? "keep up"
        : `${lengthWords(captions.lag_s * 1_000)} behind in ${meetingsWords(captions.meetings_behind)}`,
    ],
    ["Models left alone", models.length === 0 ? "none" : models.map(leftAlone).join("; ")],
    ...(quota === null ? [] : [["Most of a day's audio used", `${quota.percent} % by ${quota.tenant}`] as const]),
    ...(disk === null ? [] : [["Space on the disk", `${(disk.free_bytes / 1e9).toFixed(1)} GB`] as const]),
    ["Webhooks", `${webhooks.pending} wait, ${webhooks.dead} given up`],
    ["Requests of five minutes", `${requests.total}, of which ${requests.errors} failed`],
    ["Refused for want of space", String(requests.storage_full)],
    ["Switched off", off.length === 0 ? "nothing" : off.join(", ")],
  ];
  return (
    <>
      <section class="card">
        <h2>This installation</h2>
        <Facts facts={facts} isLive />
        {alerts.length > 0 && (
          <ul class="operate-alerts" aria-label="Alerts">
            {alerts.map(({ alert, since, summary }) => (
              <li key={alert} class="banner is-problem">
                <strong>{alert}</strong> since {timeOf(since)}: {summary}
              </li>
            ))}
          </ul>
        )}
      </section>
      <section class="card">
        <h2>Meetings in trouble</h2>
        <Troubled troubled={known.troubled} onAsk={onAsk} />
      </section>
    </>
  );
}

function Troubled({ troubled, onAsk }: Pick<EdgeHealth, "troubled"> & Pick<KnownProps, "onAsk">): JSX.Element {
  if (troubled.length === 0) return <p class="hint">Nothing waits in any meeting.</p>;
  return (
    <div class="usage-scroll" role="region" aria-label="Meetings in trouble" tabIndex={0}>
      <table class="usage-table is-words">
        <thead>
          <tr>
            <th scope="col">Meeting</th>
            <th scope="col">Tenant</th>
            <th scope="col">Waiting for R2</th>
            <th scope="col">Since</th>
            <th scope="col">Speaker service</th>
          </tr>
        </thead>
        <tbody>
          {troubled.map(({ tenant, session_id, pending_chunks, oldest_pending_at, is_inference_down }) => (
            <tr key={`${tenant}/${session_id}`}>
              <th scope="row" class="breaks">
                <button type="button" class="button is-choice" onClick={() => onAsk(session_id)}>
                  {session_id}
                </button>
              </th>
              <td class="operate-tenant breaks">{tenant}</td>
              <td>{lengthWords(pending_chunks * 1_000)}</td>
              <td>{oldest_pending_at === null ? "" : timeOf(oldest_pending_at)}</td>
              <td>{is_inference_down ? "fails" : "answers"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const waits = (chunks: number, oldestS: number): string =>
  chunks === 0 ? "nothing" : `${lengthWords(chunks * 1_000)} of audio, the oldest for ${lengthWords(oldestS * 1_000)}`;
const meetingsWords = (count: number): string => countWords(count, "meeting", "meetings");
const leftAlone = ({ model, tenant, since }: EdgeHealth["models"][number]): string =>
  `${model} for ${tenant} since ${timeOf(since)}`;
/** With its date, where that is not today's. */
const timeOf = (iso: string): string => {
  const at = new Date(iso);
  return at.toDateString() === new Date().toDateString() ? at.toLocaleTimeString() : at.toLocaleString();
};
