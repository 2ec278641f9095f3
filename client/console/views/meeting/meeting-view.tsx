/**
 * One meeting, while it goes on and afterwards. It is put together here, and each part takes the `Meeting` alone:
 *
 *   head         what it is, how it is, what can be done with it
 *   lanes        speakers in time, gaps, and how far each track is kept, stored and resolved
 *   transcript   what was said
 *   ask          questions, and answers whose places are heard
 *   player       how it sounds; its clock is shown in lanes and transcript
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { Icon } from "../../parts/icons.tsx";
import { clockWords } from "../../parts/words.ts";
import type { ChatCitation } from "../../../index.ts";
import { Asking, chosenPlace } from "../../state/asking.ts";
import { Corrections } from "../../state/corrections.ts";
import { Meeting } from "../../state/meeting.ts";
import { Player } from "../../state/player.ts";
import { addressOf, goTo } from "../../state/route.ts";
import { DeleteDialog } from "../meetings/delete-dialog.tsx";
import { AskPanel } from "../ask/ask-panel.tsx";
import { Lanes } from "./lanes.tsx";
import { MeetingHead } from "./meeting-head.tsx";
import { PlayerBar } from "./player.tsx";
import { Suggestions } from "./suggestions.tsx";
import { Tracks } from "./tracks.tsx";
import { Transcript } from "./transcript.tsx";

export function MeetingView({ sessionId }: { readonly sessionId: string }): JSX.Element {
  const meeting = useMemo(() => new Meeting(sessionId), [sessionId]);
  const player = useMemo(() => new Player(meeting), [meeting]);
  const corrections = useMemo(() => new Corrections(meeting), [meeting]);
  const isGoing = useSignal(false);
  useEffect(() => (isGoing.value ? undefined : meeting.watch()), [meeting, isGoing.value]);
  useEffect(() => player.open(), [player]);
  const isAsking = useSignal(false);
  return (
    <>
      {meeting.problem.value === undefined ? (
        <Parts {...{ meeting, player, corrections }} onDelete={() => (isAsking.value = true)} />
      ) : (
        <Nothing why={meeting.problem.value} />
      )}
      {/* Beside them: its receipt stays, though the meeting is gone by then. */}
      {isAsking.value && (
        <DeleteDialog
          meeting={{ session_id: sessionId, title: meeting.session.value?.title ?? null }}
          onClose={() => (isAsking.value = false)}
          onDeleting={(isDeleting) => (isGoing.value = isDeleting)}
          onGone={() => goTo(addressOf.meetings)}
        />
      )}
    </>
  );
}

interface PartsProps {
  readonly meeting: Meeting;
  readonly player: Player;
  readonly corrections: Corrections;
  readonly onDelete: () => void;
}

function Parts({ meeting, player, corrections, onDelete }: PartsProps): JSX.Element {
  const asking = useMemo(() => new Asking([meeting.sessionId]), [meeting]);
  const place = chosenPlace.value;
  const isReady = player.durationMs.value > 0;
  useEffect(() => {
    if (!isReady || place?.session_id !== meeting.sessionId) return;
    chosenPlace.value = undefined;
    listenTo(place);
  }, [place, isReady, meeting]);
  const placeOf = ({ track, start_ms }: ChatCitation): number => (meeting.offsets.value.get(track) ?? 0) + start_ms;
  const listenTo = (chosen: ChatCitation): void => player.playFrom(placeOf(chosen));
  const whereOf = (cited: ChatCitation): string => clockWords(placeOf(cited));
  return (
    <section class="page is-wide">
      <MeetingHead meeting={meeting} onDelete={onDelete} />
      <Suggestions meeting={meeting} player={player} corrections={corrections} />
      <div class="meeting-grid">
        <div class="meeting-time">
          <Lanes meeting={meeting} player={player} corrections={corrections} />
          <Tracks meeting={meeting} />
        </div>
        <div>
          <AskPanel asking={asking} label="Ask this meeting" whereOf={whereOf} onPlace={listenTo} />
          <Transcript meeting={meeting} player={player} corrections={corrections} />
        </div>
      </div>
      <PlayerBar meeting={meeting} player={player} />
    </section>
  );
}

function Nothing({ why }: { readonly why: string }): JSX.Element {
  return (
    <section class="page is-narrow">
      <h1>This meeting can’t be shown</h1>
      <p class="lead" role="status">
        {why}
      </p>
      <p>
        <a class="button" href={addressOf.meetings}>
          <Icon name="back" /> To the meetings
        </a>
      </p>
    </section>
  );
}
