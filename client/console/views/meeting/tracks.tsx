/** How far each track is kept, stored and resolved, in the same time as the lanes; and its gaps, each with its cause. */
import type { JSX } from "preact";
import type { TrackStatus } from "../../../index.ts";
import { hatch, type Strip, TimeCanvas } from "../../parts/time-canvas.tsx";
import { clockWords } from "../../parts/words.ts";
import type { Gap, Meeting } from "../../state/meeting.ts";
import { axisOf } from "./axis.ts";
import { gapColour, GapMarks, gapWords } from "./gap-marks.tsx";

const stripHeight = 18;
const maxGapsListed = 50;

export function Tracks({ meeting }: { readonly meeting: Meeting }): JSX.Element | null {
  const axis = axisOf(meeting);
  const tracks = meeting.tracks.value;
  if (tracks.length === 0) return null;
  return (
    <section class="card tracks" aria-labelledby="tracks-title">
      <header class="card-head">
        <h2 id="tracks-title">Tracks</h2>
        <p class="legend" aria-hidden="true">
          <span class="legend-item is-kept">kept</span>
          <span class="legend-item is-archived">stored</span>
          <span class="legend-item is-resolved">speakers known</span>
          <span class="legend-item is-missing">missing</span>
        </p>
      </header>
      <ul class="lane-list">
        {tracks.map((track) => {
          const gaps = meeting.gaps.value.filter((gap) => gap.track === track.track);
          return (
            <li key={track.track} class="lane">
              <span class="lane-label">
                <span class="lane-name is-code" title={track.track}>
                  {track.track}
                </span>
              </span>
              <div>
                <div class="track-strip">
                  <TimeCanvas
                    fromMs={axis.fromMs}
                    toMs={axis.toMs}
                    height={stripHeight}
                    label={sentenceOf(track)}
                    draw={(strip) => drawTrack(strip, track, meeting.offsets.value.get(track.track) ?? 0, gaps)}
                  />
                  <GapMarks gaps={gaps} axis={axis} />
                </div>
                <p class="track-words">{sentenceOf(track)}</p>
              </div>
            </li>
          );
        })}
      </ul>
      <GapList gaps={meeting.gaps.value} hasManyTracks={tracks.length > 1} />
    </section>
  );
}

function sentenceOf({ received_chunks, archived_seq, resolved_seq, missing_chunks }: TrackStatus): string {
  const parts = [
    `${received_chunks.toLocaleString("en-US")} s kept`,
    `stored to ${clockWords(archived_seq * 1_000)}`,
    `speakers known to ${clockWords(resolved_seq * 1_000)}`,
  ];
  if (missing_chunks > 0) parts.push(`${missing_chunks.toLocaleString("en-US")} s missing`);
  return parts.join(" · ");
}

function drawTrack(strip: Strip, track: TrackStatus, offsetMs: number, gaps: readonly Gap[]): void {
  const { context, width, height, xOf, colour } = strip;
  const bar = (toMs: number, top: number, tall: number, name: string): void => {
    const x = Math.max(0, xOf(offsetMs));
    context.fillStyle = colour(name);
    context.beginPath();
    context.roundRect(x, top, Math.max(0, Math.min(width, xOf(offsetMs + toMs)) - x), tall, 3);
    context.fill();
  };
  context.fillStyle = colour("lane");
  context.beginPath();
  context.roundRect(0, 0, width, height, 5);
  context.fill();
  bar(track.last_seq * 1_000, 0, height, "kept");
  bar(track.archived_seq * 1_000, height / 3, height / 3, "archived");
  bar(track.resolved_seq * 1_000, (height * 2) / 3, height / 3, "resolved");
  for (const gap of gaps) {
    const x = xOf(gap.fromMs);
    const wide = Math.max(2, xOf(gap.toMs) - x);
    context.fillStyle = colour("surface");
    context.fillRect(x, 0, wide, height);
    hatch(strip, x, wide, colour(gapColour(gap)));
  }
}

function GapList({
  gaps,
  hasManyTracks,
}: {
  readonly gaps: readonly Gap[];
  readonly hasManyTracks: boolean;
}): JSX.Element | null {
  if (gaps.length === 0) return null;
  return (
    <details class="gaps" open={gaps.length <= 4}>
      <summary>{gaps.length === 1 ? "1 gap" : `${gaps.length} gaps`}</summary>
      <ul>
        {gaps.slice(0, maxGapsListed).map(({ track, fromMs, toMs, cause }) => (
          <li key={`${track}/${fromMs}`}>
            <span class="is-number">
              {clockWords(fromMs)}–{clockWords(toMs)}
            </span>{" "}
            {hasManyTracks && <span class="is-code breaks">{track}</span>} {gapWords[cause]}
          </li>
        ))}
        {gaps.length > maxGapsListed && <li>and {gaps.length - maxGapsListed} more</li>}
      </ul>
    </details>
  );
}
