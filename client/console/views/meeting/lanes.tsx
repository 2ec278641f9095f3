/** A lane for each speaker, growing in time; who speaks now; and a ruler below. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { hatch, type Strip, TimeCanvas } from "../../parts/time-canvas.tsx";
import { clockWords, countWords, lengthWords } from "../../parts/words.ts";
import type { Gap, Meeting } from "../../state/meeting.ts";
import type { Corrections } from "../../state/corrections.ts";
import type { Player } from "../../state/player.ts";
import type { Speaker } from "../../state/speakers.ts";
import { type Axis, axisOf, marksOf } from "./axis.ts";
import { gapColour, GapMarks } from "./gap-marks.tsx";
import { Seekable } from "./seekable.tsx";
import { SecondLookLine } from "./second-look-line.tsx";
import { SpeakerDialog } from "./speaker-dialog.tsx";

const laneHeight = 26;
const leastTurnPx = 2;
/** Who spoke so lately speaks still, as far as anybody can tell. */
const nowMs = 2_500;

interface LanesProps {
  readonly meeting: Meeting;
  readonly player: Player;
  readonly corrections: Corrections;
}

export function Lanes({ meeting, player, corrections }: LanesProps): JSX.Element {
  const axis = axisOf(meeting);
  const speakers = meeting.speakers.value;
  const current = speakingNow(meeting);
  return (
    <section class="card lanes" aria-labelledby="lanes-title">
      <header class="card-head">
        <h2 id="lanes-title">Speakers</h2>
        {meeting.isLive.value && (
          <p class="now" role="status">
            {current ? (
              <>
                <span class={`dot is-speaker-${current.colour} is-speaking`} aria-hidden="true" />
                <span class="breaks">
                  <bdi>{current.label}</bdi> speaks
                </span>
              </>
            ) : (
              "Listening"
            )}
          </p>
        )}
      </header>
      {speakers.length === 0 ? (
        <p class="empty-line">
          {meeting.isLive.value
            ? "The first voices appear after a few seconds."
            : "No voice was found in this meeting."}
        </p>
      ) : (
        <>
          <ul class="lane-list">
            {speakers.map((speaker) => (
              <Lane
                key={speaker.clusterId}
                speaker={speaker}
                axis={axis}
                meeting={meeting}
                player={player}
                corrections={corrections}
                isNow={speaker === current}
              />
            ))}
          </ul>
          <Ruler axis={axis} />
        </>
      )}
      <SecondLookLine meeting={meeting} corrections={corrections} />
    </section>
  );
}

interface LaneProps extends LanesProps {
  readonly speaker: Speaker;
  readonly axis: Axis;
  readonly isNow: boolean;
}

function Lane({ speaker, axis, meeting, player, corrections, isNow }: LaneProps): JSX.Element {
  const isNaming = useSignal(false);
  const turnCount = countWords(speaker.turns.length, "turn", "turns");
  const own = new Set(speaker.turns.map(({ track }) => track));
  const gaps = meeting.gaps.value.filter(({ track }) => own.has(track));
  return (
    <li class={isNow ? "lane is-now" : "lane"}>
      <span class="lane-label">
        <span class={`dot is-speaker-${speaker.colour}${isNow ? " is-speaking" : ""}`} aria-hidden="true" />
        <button
          type="button"
          class="lane-name"
          dir="auto"
          title={
            speaker.name === undefined ? "Who is this?" : `${speaker.name}: another name, or the same person as another`
          }
          onClick={() => (isNaming.value = true)}
        >
          {speaker.label}
        </button>
        <span class="lane-talk">{lengthWords(speaker.talkMs)}</span>
      </span>
      {isNaming.value && (
        <SpeakerDialog
          speaker={speaker}
          meeting={meeting}
          corrections={corrections}
          onClose={() => (isNaming.value = false)}
        />
      )}
      <Seekable player={player} axis={axis}>
        <TimeCanvas
          fromMs={axis.fromMs}
          toMs={axis.toMs}
          height={laneHeight}
          label={`${speaker.label}: ${turnCount}, ${lengthWords(speaker.talkMs)}`}
          draw={(strip) => drawLane(strip, speaker, gaps)}
        />
        <GapMarks gaps={gaps} axis={axis} />
      </Seekable>
    </li>
  );
}

function drawLane(strip: Strip, speaker: Speaker, gaps: readonly Gap[]): void {
  const { context, width, height, xOf, colour } = strip;
  context.fillStyle = colour("lane");
  context.beginPath();
  context.roundRect(0, 0, width, height, 6);
  context.fill();
  for (const gap of gaps) {
    const x = xOf(gap.fromMs);
    hatch(strip, x, Math.max(leastTurnPx, xOf(gap.toMs) - x), colour(gapColour(gap)));
  }
  context.fillStyle = colour(`speaker-${speaker.colour}`);
  context.beginPath();
  for (const { start_ms, end_ms } of speaker.turns) {
    const x = xOf(start_ms);
    context.roundRect(x, 4, Math.max(leastTurnPx, xOf(end_ms) - x), height - 8, 4);
  }
  context.fill();
}

export function Ruler({ axis }: { readonly axis: Axis }): JSX.Element {
  return (
    <div class="ruler" aria-hidden="true">
      {marksOf(axis).map((ms) => (
        <span
          key={ms}
          class="ruler-mark"
          style={{ left: `${((ms - axis.fromMs) / (axis.toMs - axis.fromMs)) * 100}%` }}
        >
          {clockWords(ms)}
        </span>
      ))}
    </div>
  );
}

/** Whose turn reaches up to where speakers are known. */
function speakingNow(meeting: Meeting): Speaker | undefined {
  if (!meeting.isLive.value) return undefined;
  const knownMs = Math.max(0, ...meeting.tracks.value.map(({ resolved_seq }) => resolved_seq * 1_000));
  const latest = meeting.speakers.value.toSorted((a, b) => lastEnd(b) - lastEnd(a))[0];
  return latest && lastEnd(latest) >= knownMs - nowMs ? latest : undefined;
}

function lastEnd(speaker: Speaker): number {
  return speaker.turns.reduce((end, turn) => Math.max(end, turn.end_ms), 0);
}
