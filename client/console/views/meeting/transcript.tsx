/** What was said, as captions; where nobody captions, who spoke when. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { VirtualList } from "../../parts/virtual-list.tsx";
import { clockWords, lengthWords } from "../../parts/words.ts";
import type { Meeting } from "../../state/meeting.ts";
import type { Player } from "../../state/player.ts";
import type { Speaker } from "../../state/speakers.ts";

const guessedRowPx = 74;
/** A line lights up with its first word, though the clock shows a tenth of a second less. */
const beginsMs = 150;

/** A row: a caption, or a turn without words. */
interface Line {
  readonly key: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string | undefined;
  readonly who: string;
  readonly colour: number | undefined;
}

interface Props {
  readonly meeting: Meeting;
  readonly player: Player;
}

export function Transcript({ meeting, player }: Props): JSX.Element {
  const lines = linesOf(meeting);
  // Changes with the line alone, not with the clock.
  const heard = useComputed(() => heardLine(linesOf(meeting), player));
  return (
    <section class="card transcript" aria-labelledby="transcript-title">
      <header class="card-head">
        <h2 id="transcript-title">{meeting.captions.value.length > 0 ? "What was said" : "Who spoke when"}</h2>
      </header>
      {lines.length === 0 ? (
        <p class="empty-line">{meeting.isLive.value ? "Nothing yet." : "Nobody spoke."}</p>
      ) : (
        <VirtualList
          items={lines}
          keyOf={({ key }) => key}
          render={(line, index) => <Row line={line} player={player} isHeard={index === heard.value} />}
          label="Transcript"
          followsEnd={meeting.isLive.value && heard.value === undefined}
          {...(heard.value !== undefined && { shown: heard.value, chosen: player.seeks.value })}
          guess={guessedRowPx}
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
      return { key: `${track}/${utterance_id}`, startMs: start_ms, endMs: end_ms, text, who, colour: speaker?.colour };
    });
  return meeting.turns.value
    .toSorted((a, b) => a.start_ms - b.start_ms)
    .map(({ track, start_ms, end_ms, cluster_id, turn_ids }) => {
      const speaker = byCluster.get(cluster_id);
      const key = `${track}/${turn_ids[0] ?? start_ms}/${start_ms}`;
      const who = speaker?.label ?? cluster_id;
      return { key, startMs: start_ms, endMs: end_ms, text: undefined, who, colour: speaker?.colour };
    });
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
}

function Row({ line: { startMs, endMs, text, who, colour }, player, isHeard }: RowProps): JSX.Element {
  return (
    <article class={isHeard ? "line is-heard" : "line"} aria-current={isHeard ? "true" : undefined}>
      <span class={colour === undefined ? "line-edge" : `line-edge is-speaker-${colour}`} aria-hidden="true" />
      <p class="line-head">
        <span class="line-who">{who}</span>
        <button
          type="button"
          class="line-time"
          aria-label={`Play from ${clockWords(startMs)}`}
          onClick={() => player.playFrom(startMs)}
        >
          {clockWords(startMs)}
        </button>
      </p>
      <p class={text === undefined ? "line-text is-quiet" : "line-text"}>
        {text ?? `spoke for ${lengthWords(endMs - startMs)}`}
      </p>
    </article>
  );
}
