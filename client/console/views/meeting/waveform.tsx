/** The waveform of what is heard: bars in the colour of whoever speaks there; hatched where nothing was kept. */
import type { JSX } from "preact";
import { hatch, type Strip, TimeCanvas } from "../../parts/time-canvas.tsx";
import type { Gap, Meeting } from "../../state/meeting.ts";
import type { Player } from "../../state/player.ts";
import type { Waveforms } from "../../state/waveforms.ts";
import { type Column, columnsOf } from "./waveform-columns.ts";

const height = 44;
const barPx = 2;
const gapPx = 1;
const leastBarPx = 2;
/** Between how loud a voice is measured and how loud it sounds. */
const loudness = 0.75;

interface Props {
  readonly meeting: Meeting;
  readonly player: Player;
  readonly waveforms: Waveforms;
}

export function Waveform({ meeting, player, waveforms }: Props): JSX.Element {
  const durationMs = meeting.durationMs.value;
  const only = player.onlyTrack.value;
  const heard = [...waveforms.byTrack.value.values()]
    .filter(({ track }) => only === undefined || track === only)
    .map((waveform) => ({ ...waveform, offsetMs: meeting.offsets.value.get(waveform.track) ?? 0 }));
  const speakers = meeting.speakers.value.map(({ colour, turns }) => ({
    colour,
    turns: turns.filter(({ track }) => only === undefined || track === only),
  }));
  const gaps = meeting.gaps.value.filter(({ track }) => track === (only ?? meeting.tracks.value[0]?.track));
  const isOne = heard.length === 1;
  return (
    <TimeCanvas
      fromMs={0}
      toMs={durationMs}
      height={height}
      label="Waveform"
      draw={(strip) => {
        if (isOne) for (const gap of gaps) drawGap(strip, gap);
        const count = Math.max(1, Math.floor(strip.width / (barPx + gapPx)));
        drawBars(strip, columnsOf(heard, speakers, durationMs, count));
      }}
    />
  );
}

function drawGap(strip: Strip, { fromMs, toMs }: Gap): void {
  const x = strip.xOf(fromMs);
  hatch(strip, x, Math.max(barPx, strip.xOf(toMs) - x), strip.colour("gap-soft"));
}

function drawBars({ context, colour }: Strip, columns: readonly Column[]): void {
  const quiet = colour("line-strong");
  columns.forEach(({ peak, speaker }, i) => {
    if (peak === null) return;
    const bar = Math.max(leastBarPx, (peak / 255) ** loudness * (height - 4));
    context.fillStyle = speaker === undefined ? quiet : colour(`speaker-${speaker}`);
    context.globalAlpha = speaker === undefined ? 0.55 : 1;
    context.fillRect(i * (barPx + gapPx), (height - bar) / 2, barPx, bar);
  });
  context.globalAlpha = 1;
}
