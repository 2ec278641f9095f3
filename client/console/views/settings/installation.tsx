/** How this installation is: each part of it, looked at again and again. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Health } from "../../../index.ts";
import { baseUrl, gatewayAtOnce } from "../../api/gateway.ts";
import { plainWords } from "../../api/plain-words.ts";
import { addressOf } from "../../state/route.ts";
import { repeatWhileSeen } from "../../state/repeat.ts";
import { type Fact, Facts } from "../../parts/facts.tsx";

type Ready = Awaited<ReturnType<typeof gatewayAtOnce.ready>>;

const everyMs = 10_000;
const health = signal<Health | undefined>(undefined);
const ready = signal<Ready | undefined>(undefined);
const problem = signal<string | undefined>(undefined);

const states: Readonly<Record<Ready["status"], string>> = {
  ready: "All of it works",
  degraded: "Audio is kept; something beside that is down",
  not_ready: "It can't keep audio at the moment",
};
const parts: readonly (readonly [keyof Ready["checks"], string])[] = [
  ["rooms", "Rooms"],
  ["storage", "Storage"],
  ["index", "List of meetings"],
  ["inference", "Speaker service"],
  ["app", "Pages and speech"],
];
const words: Readonly<Record<Ready["checks"]["rooms"]["status"], string>> = {
  ok: "works",
  down: "down",
  absent: "not used here",
};

async function ask(ending: AbortSignal): Promise<void> {
  const options = { signal: ending };
  try {
    health.value = await gatewayAtOnce.health(options);
    ready.value = await gatewayAtOnce.ready(options);
    problem.value = undefined;
  } catch (cause) {
    if (!ending.aborted) problem.value = plainWords(cause);
  }
}

export function Installation(): JSX.Element {
  useEffect(() => repeatWhileSeen(everyMs, ask), []);
  const known = health.value;
  const looked = ready.value;
  const state = problem.value ?? (looked ? states[looked.status] : "Loading…");
  const facts: readonly Fact[] = [
    ["State", state],
    ...(known
      ? ([
          ["Version", known.version],
          [
            "Speakers are found by",
            known.inference === "embedded" ? "the resolver inside the gateway" : "a service beside the gateway",
          ],
        ] as const)
      : []),
    ["Address", baseUrl],
  ];
  return (
    <section class="card">
      <h2>This installation</h2>
      <Facts facts={facts} isLive />
      {looked && (
        <ul class="health" aria-label="Its parts">
          {parts.map(([part, name]) => {
            const { status, reason } = looked.checks[part];
            return (
              <li key={part} class="health-part">
                <span class={`health-dot is-${status}`} aria-hidden="true" />
                <span>{name}</span>
                <span class="hint">
                  {words[status]}
                  {reason !== undefined && `: ${reason}`}
                </span>
              </li>
            );
          })}
        </ul>
      )}
      <p class="hint">
        For who runs it: <a href={addressOf.operate}>what waits, what fails, what happened to a meeting</a>. The
        contract, to build with: <a href="/docs">HTTP and WebSockets</a>.
      </p>
    </section>
  );
}
