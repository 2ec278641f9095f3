/** Below the speakers of a meeting that is over: has all of it listened to again, and tells what that came to. */
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { reviewWords } from "../../../index.ts";
import { Icon } from "../../parts/icons.tsx";
import type { Corrections } from "../../state/corrections.ts";
import type { Meeting } from "../../state/meeting.ts";
import { SecondLook } from "../../state/second-look.ts";

interface Props {
  readonly meeting: Meeting;
  readonly corrections: Corrections;
}

export function SecondLookLine({ meeting, corrections }: Props): JSX.Element | null {
  const look = useMemo(() => new SecondLook(meeting, corrections), [meeting, corrections]);
  useEffect(() => look.open(), [look]);
  const kept = meeting.tracks.value.some(({ received_chunks }) => received_chunks > 0);
  if (meeting.status.value !== "finalized" || !kept) return null;
  const { looked, waiting, failed } = look;
  const isUnderWay = waiting.value.length > 0;
  const why = look.hasService.value === false ? "No service is set up here that listens to a whole meeting again." : "";
  return (
    <div class="second-look">
      <div class="second-look-words" role="status">
        {isUnderWay && <UnderWay tried={waiting.value.find(({ detail }) => detail !== undefined)?.detail} />}
        {!isUnderWay && looked.value && <p>Looked at again: {reviewWords(looked.value.change)}</p>}
        {!isUnderWay &&
          failed.value.map(({ track, detail }) => (
            <p key={track} class="is-gap breaks">
              {track} was not looked at again: {detail ?? "it failed"}.
            </p>
          ))}
        {why !== "" && <p class="hint">{why}</p>}
      </div>
      {!isUnderWay && looked.value && (
        <button
          type="button"
          class="button"
          aria-label="Undo the second look"
          onClick={() => void look.takeBack(looked.value?.eventIds ?? [])}
        >
          Undo
        </button>
      )}
      <button
        type="button"
        class="button"
        disabled={why !== "" || isUnderWay || look.isAsking.value}
        onClick={() => void look.ask()}
      >
        <Icon name="history" /> Look again at who speaks
      </button>
    </div>
  );
}

function UnderWay({ tried }: { readonly tried: string | undefined }): JSX.Element {
  return (
    <>
      <p>All of the meeting is listened to again…</p>
      <progress aria-label="Second look" />
      {tried !== undefined && <p class="is-gap breaks">The last try failed, the next one comes by itself: {tried}.</p>}
    </>
  );
}
