/** What was said, as captions; where nobody captions, who spoke when. */
import type { JSX } from "preact";
import { VirtualList } from "../../parts/virtual-list.tsx";
import { clockWords, lengthWords } from "../../parts/words.ts";
import type { Meeting } from "../../state/meeting.ts";
import type { Speaker } from "../../state/speakers.ts";

const guessedRowPx = 74;

/** A row: a caption, or a turn without words. */
interface Line {
  readonly key: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string | undefined;
  readonly who: string;
  readonly colour: number | undefined;
}

export function Transcript({ meeting }: { readonly meeting: Meeting }): JSX.Element {
  const lines = linesOf(meeting);
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
          render={(line) => <Row line={line} />}
          label="Transcript"
          followsEnd={meeting.isLive.value}
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

function Row({ line: { startMs, endMs, text, who, colour } }: { readonly line: Line }): JSX.Element {
  return (
    <article class="line">
      <span class={colour === undefined ? "line-edge" : `line-edge is-speaker-${colour}`} aria-hidden="true" />
      <p class="line-head">
        <span class="line-who">{who}</span>
        <span class="line-time">{clockWords(startMs)}</span>
      </p>
      <p class={text === undefined ? "line-text is-quiet" : "line-text"}>
        {text ?? `spoke for ${lengthWords(endMs - startMs)}`}
      </p>
    </article>
  );
}
