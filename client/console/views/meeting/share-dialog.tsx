/** A link for others: to read this meeting alone, and only for a while. Its token is in the fragment, which no server sees. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { gateway, withAccess } from "../../api/gateway.ts";
import { plainWords } from "../../api/plain-words.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { credential } from "../../state/access.ts";
import type { Meeting } from "../../state/meeting.ts";
import { notify } from "../../state/notices.ts";
import { addressOf } from "../../state/route.ts";

const lifetimes = [
  { label: "1 hour", seconds: 3_600 },
  { label: "4 hours", seconds: 14_400 },
  { label: "12 hours", seconds: 43_200 },
] as const;

interface Props {
  readonly meeting: Meeting;
  readonly onClose: () => void;
}

export function ShareDialog({ meeting, onClose }: Props): JSX.Element {
  const id = useId();
  const seconds = useSignal<number>(lifetimes[0].seconds);
  const link = useSignal<string | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const isOpenToAll = credential.value === undefined;
  const copy = async (): Promise<void> => {
    problem.value = undefined;
    try {
      link.value = isOpenToAll ? plainLink(meeting.sessionId) : await tokenLink(meeting.sessionId, seconds.value);
      await navigator.clipboard.writeText(link.value);
      notify("done", "The link is copied.");
      onClose();
    } catch (cause) {
      problem.value =
        link.value === undefined
          ? plainWords(cause)
          : "The browser did not let the link be copied: take it from the field.";
    }
  };
  return (
    <Dialog title="Share this meeting" onClose={onClose}>
      {isOpenToAll ? (
        <p class="lead">
          This gateway asks nobody who they are: whoever can reach it can open the link, and change what it shows.
        </p>
      ) : (
        <div class="stack">
          <p class="lead">Whoever has the link can see and hear this meeting, and change nothing.</p>
          <label for={id}>It ends after</label>
          <select
            id={id}
            class="input"
            value={String(seconds.value)}
            onChange={(event) => {
              seconds.value = Number(event.currentTarget.value);
              link.value = undefined;
            }}
          >
            {lifetimes.map(({ label, seconds: value }) => (
              <option key={value} value={String(value)}>
                {label}
              </option>
            ))}
          </select>
        </div>
      )}
      {link.value !== undefined && <input class="input is-code" readOnly aria-label="Link" value={link.value} />}
      {problem.value !== undefined && <p class="hint is-problem">{problem.value}</p>}
      <div class="row is-end">
        <button type="button" class="button is-primary" onClick={() => void copy()}>
          <Icon name="copy" /> Copy the link
        </button>
      </div>
    </Dialog>
  );
}

function plainLink(sessionId: string): string {
  return `${location.origin}${location.pathname}${addressOf.meeting(sessionId)}`;
}

async function tokenLink(sessionId: string, lifetime: number): Promise<string> {
  const { token } = await withAccess(() => gateway.mintToken(sessionId, { role: "observe", lifetime_s: lifetime }));
  return addressOf.shared(sessionId, token);
}
