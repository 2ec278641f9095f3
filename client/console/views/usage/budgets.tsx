/** Budgets of the tenant, each as a bar: how much of it is used now. */
import type { JSX } from "preact";
import { dollarWords } from "../../parts/words.ts";
import type { BudgetInUse } from "../../../index.ts";
import { featureWords } from "../../state/usage.ts";

interface Bar {
  readonly label: string;
  /** Undefined: it is each user's own, and nobody's is shown. */
  readonly share: number | undefined;
  readonly said: string;
}

export function Budgets({ budgets }: { readonly budgets: readonly BudgetInUse[] }): JSX.Element {
  const bars = budgets.flatMap(barsOf);
  return (
    <section class="card">
      <h2>Budgets</h2>
      <ul class="usage-budgets">
        {bars.map(({ label, share, said }) => (
          <li key={label}>
            <div class="usage-budget">
              <span>{label}</span>
              <span class="hint">{said}</span>
            </div>
            {share !== undefined && (
              <div
                class={share >= 0.8 ? "usage-share is-near" : "usage-share"}
                role="meter"
                aria-label={label}
                aria-valuemin={0}
                aria-valuemax={100}
                aria-valuenow={Math.round(Math.min(1, share) * 100)}
                aria-valuetext={said}
              >
                <div style={{ transform: `scaleX(${Math.min(1, share)})` }} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function barsOf({
  feature,
  tokens_per_minute: tokens,
  audio_seconds_per_minute: audio,
  usd_per_day: usd,
}: BudgetInUse): Bar[] {
  const name = featureWords(feature);
  const used = usd && Number(usd.charged.exact) + Number(usd.held.exact);
  return [
    ...(usd && used !== null
      ? [
          {
            label: `${name}, dollars today`,
            share: used / Number(usd.limit.exact),
            said: `${dollarWords(usd.charged.shown)} of ${dollarWords(usd.limit.shown)}`,
          },
        ]
      : []),
    ...(tokens
      ? [
          {
            label: `${name}, tokens this minute`,
            share: tokens.used / tokens.limit,
            said: `${tokens.used.toLocaleString("en")} of ${tokens.limit.toLocaleString("en")}`,
          },
        ]
      : []),
    ...(audio
      ? [
          {
            label: `${name}, audio a minute`,
            share: undefined,
            said: `${audio.limit.toLocaleString("en")} s for each user`,
          },
        ]
      : []),
  ];
}
