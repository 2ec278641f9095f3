/** What was used and what it costs: over time, by feature and meeting, against budgets. Its own part of the page, loaded when it is looked at. */
import type { JSX } from "preact";
import { dollarWords } from "../../parts/words.ts";
import { useEffect } from "preact/hooks";
import { type Fact, Facts } from "../../parts/facts.tsx";
import { addressOf } from "../../state/route.ts";
import { repeatWhileSeen } from "../../state/repeat.ts";
import {
  featureWords,
  lookAtUsage,
  type Spent,
  span,
  spans,
  spent,
  usageCsv,
  usageProblem,
  type UsageRow,
  usdOf,
} from "../../state/usage.ts";
import { Budgets } from "./budgets.tsx";

const everyMs = 30_000;
const mostMeetings = 20;

export function UsageView(): JSX.Element {
  const days = span.value;
  useEffect(() => repeatWhileSeen(everyMs, lookAtUsage), [days]);
  const known = spent.value;
  return (
    <section class="page">
      <header class="page-head">
        <h1>Usage</h1>
        <div class="row">
          <label class="usage-span">
            <span>The last</span>
            <select
              class="input"
              value={days}
              onChange={({ currentTarget }) => {
                span.value = spans.find((one) => String(one) === currentTarget.value) ?? 30;
              }}
            >
              {spans.map((one) => (
                <option key={one} value={one}>
                  {one} days
                </option>
              ))}
            </select>
          </label>
          <button type="button" class="button" disabled={!known} onClick={() => known && save(known)}>
            Save as CSV
          </button>
        </div>
      </header>
      {usageProblem.value !== undefined && (
        <p class="banner is-problem" role="alert">
          {usageProblem.value}
        </p>
      )}
      {known ? <Known known={known} /> : usageProblem.value === undefined && <p class="hint">Loading…</p>}
    </section>
  );
}

function Known({ known }: { readonly known: Spent }): JSX.Element {
  const { total, balance, days, features, meetings, hasMore, budgets } = known;
  const facts: readonly Fact[] = [
    ["Charged", dollarWords(total.charge_usd.shown)],
    ["Entries", count(total.entries)],
    ...(total.estimated_entries > 0 ? ([["Of these estimated", count(total.estimated_entries)]] as const) : []),
    ...(total.unpriced_entries > 0 ? ([["Without a known price", count(total.unpriced_entries)]] as const) : []),
    ["Balance", dollarWords(balance.balance_usd.shown)],
  ];
  return (
    <>
      <section class="card">
        <h2>Over time</h2>
        <Facts facts={facts} />
        <Days days={days} />
      </section>
      {budgets && budgets.length > 0 && <Budgets budgets={budgets} />}
      <section class="card">
        <h2>By feature</h2>
        <Table rows={features} name="Feature" />
      </section>
      <section class="card">
        <h2>By meeting</h2>
        <Table rows={meetings.slice(0, mostMeetings)} name="Meeting" isLinked />
        {meetings.length > mostMeetings && (
          <p class="hint">
            The {mostMeetings} that cost most
            {hasMore ? ` of the first ${count(meetings.length)}` : "; the file has them all"}.
          </p>
        )}
      </section>
    </>
  );
}

function Days({ days }: { readonly days: readonly UsageRow[] }): JSX.Element {
  const most = Math.max(...days.map(usdOf));
  const highest = days.find((day) => usdOf(day) === most);
  const first = days.at(0)?.key ?? "";
  const last = days.at(-1)?.key ?? "";
  const said =
    most > 0 && highest ? `Most on ${highest.key}: ${dollarWords(highest.charge_usd.shown)}.` : "Nothing was charged.";
  return (
    <figure class="usage-days">
      <div class="usage-bars" role="img" aria-label={`Charges of each day from ${first} to ${last}. ${said}`}>
        {days.map((day) => (
          <div key={day.key} class="usage-bar" title={`${day.key}: ${dollarWords(day.charge_usd.shown)}`}>
            <div style={{ height: `${most > 0 ? (usdOf(day) / most) * 100 : 0}%` }} />
          </div>
        ))}
      </div>
      <figcaption class="usage-caption">
        <span>{first}</span>
        <span>{said}</span>
        <span>{last}</span>
      </figcaption>
    </figure>
  );
}

interface TableProps {
  readonly rows: readonly UsageRow[];
  readonly name: string;
  readonly isLinked?: boolean;
}

function Table({ rows, name, isLinked = false }: TableProps): JSX.Element {
  if (rows.length === 0) return <p class="hint">Nothing was used in this time.</p>;
  return (
    <div class="usage-scroll" role="region" aria-label={`By ${name.toLowerCase()}`} tabIndex={0}>
      <table class="usage-table">
        <thead>
          <tr>
            <th scope="col">{name}</th>
            <th scope="col">Charged</th>
            <th scope="col">Calls</th>
            <th scope="col">Audio</th>
            <th scope="col">Tokens</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, title, charge_usd, quantities }) => (
            <tr key={key}>
              <th scope="row" class="breaks">
                {isLinked ? (
                  <a href={addressOf.meeting(key)} title={key}>
                    <bdi>{title ?? key}</bdi>
                  </a>
                ) : (
                  featureWords(key)
                )}
              </th>
              <td>{dollarWords(charge_usd.shown)}</td>
              <td>{count(quantities.calls)}</td>
              <td>{minutes(quantities.audio_ms)}</td>
              <td>{count(quantities.input_tokens + quantities.output_tokens)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const count = (value: number): string => value.toLocaleString("en");
const minutes = (ms: number): string => (ms === 0 ? "0" : `${(ms / 60_000).toFixed(1)} min`);

function save(known: Spent): void {
  const url = URL.createObjectURL(new Blob([usageCsv(known)], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `usage-${known.from}-${known.to}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
