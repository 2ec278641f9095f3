/** What was said, as captions; where nobody captions, who spoke when. */
import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Turn } from "../../../index.ts";
import { VirtualList } from "../../parts/virtual-list.tsx";
import { clockWords, lengthWords } from "../../parts/words.ts";
import type { Meeting } from "../../state/meeting.ts";
import type { Corrections } from "../../state/corrections.ts";
import { notify } from "../../state/notices.ts";
import type { Player } from "../../state/player.ts";
import type { Speaker } from "../../state/speakers.ts";
import { Rewrite } from "./rewrite.tsx";
import { TurnDialog } from "./turn-dialog.tsx";

const guessedRowPx = 74;
/** A line lights up with its first word, though the clock shows a tenth of a second less. */
const beginsMs = 150;

/** A row: a caption, or a turn without words. */
interface Line {
  readonly key: string;
  readonly track: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string | undefined;
  /** Whether its speaker is still in the middle of it. */
  readonly isPartial?: boolean;
  readonly who: string;
  readonly colour: number | undefined;
}

interface Props {
  readonly meeting: Meeting;
  readonly player: Player;
  readonly corrections: Corrections;
}

export function Transcript({ meeting, player, corrections }: Props): JSX.Element {
  const moving = useSignal<Turn | undefined>(undefined);
  // Made anew where the meeting changes, and not with each tick of the player's clock.
  const allLines = useComputed(() => linesOf(meeting));
  const lines = allLines.value;
  // Changes with the line alone, not with the clock.
  const heard = useComputed(() => heardLine(allLines.value, player));
  return (
    <section class="card transcript" aria-labelledby="transcript-title">
      <header class="card-head">
        <h2 id="transcript-title">{meeting.captions.value.length > 0 ? "What was said" : "Who spoke when"}</h2>
        <Rewrite meeting={meeting} />
      </header>
      {lines.length === 0 ? (
        <p class="empty-line">{meeting.isLive.value ? "Nothing yet." : "Nobody spoke."}</p>
      ) : (
        <VirtualList
          items={lines}
          keyOf={({ key }) => key}
          render={(line, index) => (
            <Row
              line={line}
              player={player}
              isHeard={index === heard.value}
              onMove={() => {
                moving.value = turnOf(line, meeting.turns.value);
                if (!moving.value) notify("problem", "No voice was told apart here yet.");
              }}
            />
          )}
          label="Transcript"
          followsEnd={meeting.isLive.value && heard.value === undefined}
          {...(heard.value !== undefined && { shown: heard.value, chosen: player.seeks.value })}
          guess={guessedRowPx}
        />
      )}
      {moving.value && (
        <TurnDialog
          turn={moving.value}
          meeting={meeting}
          corrections={corrections}
          onClose={() => (moving.value = undefined)}
        />
      )}
    </section>
  );
}

function linesOf(meeting: Meeting): readonly Line[] {
  const byCluster = new Map<string | null, Speaker>(
    meeting.speakers.value.map((speaker) => [speaker.clusterId, speaker]),
  );
  const captions = meeting.captions.value;
  if (captions.length > 0)
    return captions.map(({ utterance_id, track, start_ms, end_ms, text, cluster_id, speaker_name }) => {
      const speaker = byCluster.get(cluster_id);
      const who = speaker_name ?? speaker?.label ?? "Someone";
      const key = `${track}/${utterance_id}`;
      return {
        key,
        isPartial: meeting.isLive.value && meeting.partials.value.has(key),
        track,
        startMs: start_ms,
        endMs: end_ms,
        text,
        who,
        colour: speaker?.colour,
      };
    });
  return meeting.turns.value
    .toSorted((a, b) => a.start_ms - b.start_ms)
    .map(({ track, start_ms, end_ms, cluster_id, turn_ids }) => {
      const speaker = byCluster.get(cluster_id);
      const key = `${track}/${turn_ids[0] ?? start_ms}/${start_ms}`;
      const who = speaker?.label ?? cluster_id;
      return { key, track, startMs: start_ms, endMs: end_ms, text: undefined, who, colour: speaker?.colour };
    });
}

/** The turn that a line stands in: the one that shares most of it. */
function turnOf({ track, startMs, endMs }: Line, turns: readonly Turn[]): Turn | undefined {
  const shared = (turn: Turn): number => Math.min(turn.end_ms, endMs) - Math.max(turn.start_ms, startMs);
  const within = turns.filter((turn) => turn.track === track && shared(turn) > 0);
  return within.toSorted((a, b) => shared(b) - shared(a))[0];
}

/** Which line is heard: the last one that has begun. Undefined while nothing was played. */
function heardLine(lines: readonly Line[], player: Player): number | undefined {
  const now = player.nowMs.value;
  if (now === 0 && !player.isPlaying.value) return undefined;
  const next = lines.findIndex(({ startMs }) => startMs > now + beginsMs);
  return (next === -1 ? lines.length : next) - 1;
}

interface RowProps {
  readonly line: Line;
  readonly player: Player;
  readonly isHeard: boolean;
  readonly onMove: () => void;
}

function Row({
  line: { startMs, endMs, text, isPartial = false, who, colour },
  player,
  isHeard,
  onMove,
}: RowProps): JSX.Element {
  return (
    <article class={isHeard ? "line is-heard" : "line"} aria-current={isHeard ? "true" : undefined}>
      <span class={colour === undefined ? "line-edge" : `line-edge is-speaker-${colour}`} aria-hidden="true" />
      <p class="line-head">
        <bdi class="line-who">{who}</bdi>
        <button
          type="button"
          class="line-time"
          aria-label={`Play from ${clockWords(startMs)}`}
          onClick={() => player.playFrom(startMs)}
        >
          {clockWords(startMs)}
        </button>
        {/* Of a voice that is not told apart yet there is nothing to put right. */}
        {colour !== undefined && (
          <button type="button" class="line-move" onClick={onMove}>
            Not <bdi>{who}</bdi>?
          </button>
        )}
      </p>
      <p class={text === undefined || isPartial ? "line-text is-quiet" : "line-text"} dir="auto">
        {text ?? `spoke for ${lengthWords(endMs - startMs)}`}
        {isPartial && " …"}
      </p>
    </article>
  );
}
