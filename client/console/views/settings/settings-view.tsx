/** Who this tab is to the gateway, and how the gateway is. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Health } from "../../../index.ts";
import { baseUrl, gatewayAtOnce } from "../../api/gateway.ts";
import { plainWords } from "../../api/plain-words.ts";
import { CredentialForm } from "../../parts/credential-form.tsx";
import { credential, forgetCredential, keepCredential } from "../../state/access.ts";
import { notify } from "../../state/notices.ts";
import { repeatWhileSeen } from "../../state/repeat.ts";

const healthEveryMs = 10_000;
const health = signal<Health | undefined>(undefined);
const problem = signal<string | undefined>(undefined);

export function SettingsView(): JSX.Element {
  useEffect(() => repeatWhileSeen(healthEveryMs, ask), []);
  return (
    <section class="page is-narrow">
      <header class="page-head">
        <h1>Settings</h1>
      </header>
      <Access />
      <Installation />
    </section>
  );
}

async function ask(ending: AbortSignal): Promise<void> {
  try {
    health.value = await gatewayAtOnce.health({ signal: ending });
    problem.value = undefined;
  } catch (cause) {
    if (!ending.aborted) problem.value = plainWords(cause);
  }
}

function Access(): JSX.Element {
  const given = credential.value;
  return (
    <section class="card">
      <h2>Access</h2>
      {given === undefined ? (
        <>
          <p class="hint">
            Where the gateway asks who you are, enter an API key, or the token of one meeting. On your own machine it
            asks nobody.
          </p>
          <CredentialForm action="Use it" onGiven={keepCredential} />
        </>
      ) : (
        <>
          <dl class="facts">
            <div>
              <dt>You use</dt>
              <dd>
                {given.kind === "key" ? `API key ${given.text.slice(0, 15)}…` : `a token to ${given.role ?? "use"}`}
              </dd>
            </div>
            {given.sessionId !== undefined && (
              <div>
                <dt>For the meeting</dt>
                <dd class="breaks">{given.sessionId}</dd>
              </div>
            )}
            {given.expiresAt !== undefined && (
              <div>
                <dt>Ends</dt>
                <dd>{new Date(given.expiresAt).toLocaleString()}</dd>
              </div>
            )}
          </dl>
          <div class="row is-end">
            <button
              type="button"
              class="button"
              onClick={() => {
                forgetCredential();
                notify("done", "This tab has forgotten it.");
              }}
            >
              Forget it
            </button>
          </div>
        </>
      )}
    </section>
  );
}

function Installation(): JSX.Element {
  const known = health.value;
  const facts: readonly (readonly [string, string])[] = known
    ? [
        ["State", problem.value ?? "Well"],
        ["Version", known.version],
        ["Speakers are found by", known.inference === "embedded" ? "the embedded resolver" : "a service of yours"],
        ["Address", baseUrl],
      ]
    : [
        ["State", problem.value ?? "Asking…"],
        ["Address", baseUrl],
      ];
  return (
    <section class="card">
      <h2>This installation</h2>
      <dl class="facts" aria-live="polite">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="breaks">{value}</dd>
          </div>
        ))}
      </dl>
      <p class="hint">
        The contract, to build with: <a href="/docs">HTTP and WebSockets</a>.
      </p>
    </section>
  );
}
