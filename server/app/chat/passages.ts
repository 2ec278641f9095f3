/** Lines that a model is given for a question: those that bear on it with what stands around them, in the order of their meetings. */
import type { LineRow } from "../search/index.ts";
import { askedStems } from "../search/words.ts";
import type { PassageRow } from "../sync/index.ts";
import type { Meetings } from "./meetings.ts";
import type { OwnDocuments } from "./own-documents.ts";
import { intentOf } from "./quote/intent.ts";
import { markedLines } from "./quote/rules.ts";

const most = { lines: 40, chars: 24_000, whole: 5_000, documentPassages: 12 } as const;
const leastScore = 0.18;

export async function passagesFor(
  question: string,
  earlier: string | undefined,
  meetings: Meetings,
): Promise<LineRow[]> {
  const intent = intentOf(question, await meetings.speakers());
  if (intent.kind === "summary" || intent.kind === "talk_time" || intent.kind === "people") {
    const lines = await meetings.lines(most.whole);
    return fitting(thinned(lines));
  }
  const near = await nearTo(question, meetings);
  // "And who said that?" asks about what was asked before.
  const isFollowUp = earlier !== undefined && askedStems(question).length < 3;
  const before = isFollowUp ? await nearTo(`${earlier} ${question}`, meetings) : [];
  const marked =
    intent.kind === "marked" ? markedLines(intent.mark, await meetings.lines(most.whole)).slice(0, most.lines) : [];
  const all = new Map([...marked, ...near, ...before].map((line) => [line.id, line]));
  return fitting([...all.values()]).sort(inOrder);
}

/** Whether a line is of the asker's documents, not of a meeting. */
export function isPassage(line: LineRow | PassageRow): line is PassageRow {
  return "document_id" in line;
}

/** Of the asker's own documents, in the order of their texts. */
export async function documentPassagesFor(
  question: string,
  earlier: string | undefined,
  documents: OwnDocuments,
): Promise<PassageRow[]> {
  const isFollowUp = earlier !== undefined && askedStems(question).length < 3;
  const asked = isFollowUp ? [question, `${earlier} ${question}`] : [question];
  const found = await Promise.all(asked.map((one) => documents.find(one, most.documentPassages)));
  const near = found.flat().filter(({ score }) => score >= leastScore);
  const all = new Map(near.map(({ line }) => [line.n, line]));
  return [...all.values()].slice(0, most.documentPassages).sort((a, b) => a.n - b.n);
}

async function nearTo(question: string, meetings: Meetings): Promise<LineRow[]> {
  const found = await meetings.find(question, most.lines);
  return found.filter(({ score }) => score >= leastScore).map(({ line }) => line);
}

/** All of a short meeting; of a long one as many as fit, evenly. */
function thinned(lines: readonly LineRow[]): LineRow[] {
  const chars = lines.reduce((sum, { text }) => sum + text.length, 0);
  const step = Math.max(1, chars / most.chars);
  return lines.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
}

function fitting(lines: readonly LineRow[]): LineRow[] {
  let chars = 0;
  return lines.filter(({ text }) => (chars += text.length) <= most.chars);
}

function inOrder(a: LineRow, b: LineRow): number {
  if (a.session_id === b.session_id) return a.place - b.place;
  return a.session_id < b.session_id ? -1 : 1;
}
