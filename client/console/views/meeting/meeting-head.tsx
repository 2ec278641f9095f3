/** What the meeting is, how much of it is kept, and what can be done with all of it. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { gateway, withAccess } from "../../api/gateway.ts";
import { plainWords } from "../../api/plain-words.ts";
import { Icon } from "../../parts/icons.tsx";
import { StatusPill } from "../../parts/status-pill.tsx";
import { clockWords, countWords, shareWords } from "../../parts/words.ts";
import type { Meeting } from "../../state/meeting.ts";
import { notify } from "../../state/notices.ts";
import { addressOf } from "../../state/route.ts";
import { ExportMenu } from "./export-menu.tsx";
import { HistoryDialog } from "./history-dialog.tsx";
import { ListenButton } from "./listen-button.tsx";
import { ShareDialog } from "./share-dialog.tsx";

interface Props {
  readonly meeting: Meeting;
  readonly onDelete: () => void;
}

export function MeetingHead({ meeting, onDelete }: Props): JSX.Element {
  const isSharing = useSignal(false);
  const isHistory = useSignal(false);
  const isEnding = useSignal(false);
  const status = meeting.status.value;
  const end = async (): Promise<void> => {
    isEnding.value = true;
    try {
      await withAccess(() => gateway.finalize(meeting.sessionId));
      await meeting.look();
    } catch (cause) {
      notify("problem", `The meeting was not ended. ${plainWords(cause)}`);
    } finally {
      isEnding.value = false;
    }
  };
  return (
    <header class="meeting-head">
      <div class="meeting-name">
        <a class="icon-button" href={addressOf.meetings} aria-label="To the meetings">
          <Icon name="back" />
        </a>
        <h1 class="breaks" dir="auto">
          {meeting.title.value}
        </h1>
        {status && <StatusPill status={status} />}
      </div>
      <Numbers meeting={meeting} />
      <div class="meeting-tools">
        {status === "open" && (
          <button type="button" class="button" disabled={isEnding.value} onClick={() => void end()}>
            <Icon name="stop" /> {isEnding.value ? "Ending…" : "End meeting"}
          </button>
        )}
        {status === "open" && <ListenButton sessionId={meeting.sessionId} />}
        <div class="meeting-icons">
          <ExportMenu meeting={meeting} />
          <button
            type="button"
            class="icon-button"
            aria-label="Share"
            title="Share"
            onClick={() => (isSharing.value = true)}
          >
            <Icon name="link" />
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label="Who decided what"
            title="Who decided what"
            onClick={() => (isHistory.value = true)}
          >
            <Icon name="history" />
          </button>
          <button type="button" class="icon-button" aria-label="Delete" title="Delete" onClick={onDelete}>
            <Icon name="trash" />
          </button>
        </div>
      </div>
      <LinkBanner meeting={meeting} />
      {isSharing.value && <ShareDialog meeting={meeting} onClose={() => (isSharing.value = false)} />}
      {isHistory.value && <HistoryDialog meeting={meeting} onClose={() => (isHistory.value = false)} />}
    </header>
  );
}

function Numbers({ meeting }: { readonly meeting: Meeting }): JSX.Element {
  const tracks = meeting.tracks.value;
  const kept = tracks.reduce((sum, track) => sum + track.received_chunks, 0);
  const missing = tracks.reduce((sum, track) => sum + track.missing_chunks, 0);
  const share = kept + missing === 0 ? 1 : kept / (kept + missing);
  return (
    <dl class="numbers">
      <Fact name="Length" value={clockWords(meeting.durationMs.value)} />
      <Fact name="Kept" value={shareWords(share)} {...(missing > 0 && { hint: `${missing} s missing` })} />
      <Fact name="Speakers" value={countWords(meeting.speakers.value.length, "voice", "voices")} />
    </dl>
  );
}

interface FactProps {
  readonly name: string;
  readonly value: string;
  readonly hint?: string;
}

function Fact({ name, value, hint }: FactProps): JSX.Element {
  return (
    <div class="number">
      <dt>{name}</dt>
      <dd>
        {value} {hint !== undefined && <span class="is-gap">{hint}</span>}
      </dd>
    </div>
  );
}

function LinkBanner({ meeting }: { readonly meeting: Meeting }): JSX.Element | null {
  if (meeting.link.value !== "reconnecting") return null;
  return (
    <p class="banner is-problem" role="status">
      <Icon name="warning" /> This page has lost the gateway and is trying again. What was kept stays kept.
    </p>
  );
}
