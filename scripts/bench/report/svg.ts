/** Bars of ratios as an SVG that reads on light and on dark pages. Pure. */
import type { Bar, FigureTable } from "./figure.ts";
import { short } from "./stats.ts";

const [width, labelWidth, valueWidth] = [720, 150, 110];
const [barHeight, barGap, titleHeight, margin] = [18, 8, 34, 16];

const style = `text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600}.bar{fill:#0969da}.spread{stroke:#1f2328;stroke-width:1.5}.base{stroke:#8c959f;stroke-dasharray:3 3}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bar{fill:#4493f8}.spread{stroke:#e6edf3}.base{stroke:#848d97}}`;

/** Tables without bars are left out. */
export function svgOf(tables: readonly FigureTable[]): string {
  const parts: string[] = [];
  let top = margin;
  for (const { title, bars = [] } of tables) {
    if (bars.length === 0) continue;
    parts.push(`<text class="title" x="${margin}" y="${top + 16}">${escaped(title)}</text>`);
    top += titleHeight;
    const most = Math.max(1, ...bars.map(({ max }) => max));
    const xOf = (value: number): number =>
      margin + labelWidth + (value / most) * (width - 2 * margin - labelWidth - valueWidth);
    for (const bar of bars) {
      parts.push(...barOf(bar, top, xOf));
      top += barHeight + barGap;
    }
    const bottom = top - barGap;
    const first = bottom - bars.length * (barHeight + barGap) + barGap;
    parts.push(`<line class="base" x1="${at(xOf(1))}" x2="${at(xOf(1))}" y1="${first - 4}" y2="${bottom + 4}"/>`);
    top += margin;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" role="img" aria-label="Ratios to the null room">
<style>${style}</style>
${parts.join("\n")}
</svg>
`;
}

function barOf({ label, value, min, max }: Bar, top: number, xOf: (value: number) => number): string[] {
  const [zero, end, middle] = [xOf(0), xOf(value), top + barHeight / 2];
  return [
    `<text x="${margin}" y="${top + 14}">${escaped(label)}</text>`,
    `<rect class="bar" x="${at(zero)}" y="${top}" width="${at(end - zero)}" height="${barHeight}" rx="2"/>`,
    `<line class="spread" x1="${at(xOf(min))}" x2="${at(xOf(max))}" y1="${middle}" y2="${middle}"/>`,
    `<text x="${at(Math.max(end, xOf(max)) + 8)}" y="${top + 14}">${escaped(short(value))}</text>`,
  ];
}

const at = (value: number): string => value.toFixed(1);

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
