/** A meeting as a picture: the truth above, what was said about it below. SVG, no library. */
import type { Outcome } from "./table.ts";
import type { Turn } from "./turns.ts";

const colours = ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb", "#222222"];
const [width, left, rowHeight, bar] = [1_200, 150, 22, 16];

/** All outcomes below each other; every speaker of the answer has the colour of whom it shares most time with. */
export function drawTimelines(outcomes: readonly Outcome[]): string {
  let y = 0;
  const body = outcomes.map((outcome) => {
    const { svg, height } = drawOne(outcome, y);
    y += height;
    return svg;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${y}" fill="white"/>
${body.join("\n")}
</svg>
`;
}

function drawOne({ meeting, said, lenient }: Outcome, top: number): { svg: string; height: number } {
  const lengthMs = Math.max(...[...meeting.truth, ...said].map(({ end_ms }) => end_ms), 1);
  const xOf = (ms: number): number => left + (ms / lengthMs) * (width - left - 10);
  const truthNames = namesOf(meeting.truth);
  const colourOf = (name: string): string => colours[truthNames.indexOf(name) % colours.length] ?? "black";
  const rows = [
    ...truthNames.map((name) => ({ label: name, turns: meeting.truth, name, colour: colourOf(name) })),
    ...namesOf(said).map((name) => ({
      label: `→ ${name}`,
      turns: said,
      name,
      colour: colourOf(nearestTo(name, said, meeting.truth)),
    })),
  ];
  const title = `${meeting.name}: DER ${(100 * lenient.der).toFixed(1)} %, ${Math.round(lengthMs / 1_000)} s`;
  const lines = rows.map(({ label, turns, name, colour }, i) => {
    const y = top + 30 + i * rowHeight;
    const bars = turns
      .filter(({ speaker }) => speaker === name)
      .map(({ start_ms, end_ms }) => {
        const x = xOf(start_ms);
        return `<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(1, xOf(end_ms) - x).toFixed(1)}" height="${bar}" fill="${colour}"/>`;
      });
    return `<text x="8" y="${y + 12}">${escape(label.slice(-22))}</text>${bars.join("")}`;
  });
  const heading = `<text x="8" y="${top + 18}" font-weight="bold">${escape(title)}</text>`;
  return { svg: [heading, ...lines].join("\n"), height: 40 + rows.length * rowHeight };
}

function nearestTo(name: string, said: readonly Turn[], truth: readonly Turn[]): string {
  const mine = said.filter(({ speaker }) => speaker === name);
  const common = (other: string): number =>
    truth
      .filter(({ speaker }) => speaker === other)
      .flatMap((theirs) =>
        mine.map((turn) => Math.min(turn.end_ms, theirs.end_ms) - Math.max(turn.start_ms, theirs.start_ms)),
      )
      .reduce((sum, ms) => sum + Math.max(0, ms), 0);
  return namesOf(truth).toSorted((a, b) => common(b) - common(a))[0] ?? "";
}

function namesOf(turns: readonly Turn[]): string[] {
  return [...new Set(turns.map(({ speaker }) => speaker))].toSorted();
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
