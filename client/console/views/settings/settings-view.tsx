/** Who this tab is to the gateway, how the gateway is, and what it can hear and speak with. */
import type { JSX } from "preact";
import { CredentialForm } from "../../parts/credential-form.tsx";
import { credential, forgetCredential, keepCredential } from "../../state/access.ts";
import { notify } from "../../state/notices.ts";
import { Installation } from "./installation.tsx";
import { Models } from "./models.tsx";

export function SettingsView(): JSX.Element {
  return (
    <section class="page is-narrow">
      <header class="page-head">
        <h1>Settings</h1>
      </header>
      <Access />
      <Installation />
      <Models />
    </section>
  );
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
