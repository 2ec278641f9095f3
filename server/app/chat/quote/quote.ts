/**
 * The model that comes with an installation: it quotes what was said and never writes a word of its own about it. Questions on how long
 * somebody spoke, who was there, decisions, open questions and tasks are answered by rules, which the answer names. What can't
 * be found is said to be not there. The same question on the same meetings has the same answer. Knows no other model.
 */
import type { LineRow, MeetingFacts, Ranked } from "../../search/index.ts";
import type { PassageRow } from "../../sync/index.ts";
import { isQuestion } from "../../search/rank-lines.ts";
import { askedStems, namedIn } from "../../search/words.ts";
import type { Meetings } from "../meetings.ts";
import { type Intent, intentOf, isPart, type Mark } from "./intent.ts";
import { markedLines, ruleWords } from "./rules.ts";
import { summaryOf } from "./summary.ts";
import { clockOf, dayOf, lengthOf, nameOf } from "./words.ts";

/** Text, and lines that are quoted. */
export interface Quotes {
  readonly found: boolean;
  readonly parts: readonly (string | LineRow | PassageRow)[];
}

/** How much of a question a line has to cover to be an answer. */
export const leastScore = 0.33;
/** As much as the best one, nearly. */
export const nearlyAsGood = 0.5;
const maxQuotes = 3;
const asksNumber =
  /^\W*(how (long|much|many|big|large|far|old|tall|high|often|fast|soon|late)|when|(at|on|by|since|from|until) (what|which|when)|what (time|year|day|date|number))\b/i;
const hasNumber =
  /\d|\b(zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|half|first|second|third|\w+day|tomorrow|tonight|today|week|month|january|february|march|april|may|june|july|august|september|october|november|december)s?\b/i;
const asNumber = 1.4;
const maxMarked = 12;
const maxLines = 5_000;
const summaryLines = { one: 5, many: 2, meetings: 5 } as const;

export async function quoteMeetings(question: string, meetings: Meetings): Promise<Quotes> {
  const intent = intentOf(question, await meetings.speakers());
  switch (intent.kind) {
    case "summary":
      return summary(question, meetings);
    case "talk_time":
      return talkTime(question, meetings);
    case "people":
      return people(meetings);
    case "marked":
      return marked(intent, question, meetings);
    case "said_by":
      return saidBy(intent, question, meetings);
    case "search":
      return search(question, meetings, "This is what was said about it");
  }
}

async function search(
  question: string,
  meetings: Meetings,
  head: string,
  speakers?: readonly string[],
): Promise<Quotes> {
  const found = await meetings.find(question, 40, speakers);
  const best = bestOf(question, found);
  if (best.length === 0) return nothing(meetings);
  return { found: true, parts: [`${head}, in the speakers' own words:\n`, ...best.flatMap(quoted)] };
}

/** Of lines that are near enough: one that says a number goes before others where a number is asked for. */
function bestOf(question: string, found: readonly Ranked<LineRow>[]): LineRow[] {
  const near = found.filter(({ score }) => score >= leastScore);
  const wantsNumber = asksNumber.test(question);
  const ranked = near
    .map(({ line, score }) => ({ line, score: wantsNumber && hasNumber.test(line.text) ? score * asNumber : score }))
    .sort((a, b) => b.score - a.score);
  const best = ranked[0]?.score ?? 0;
  const some = ranked
    .filter(({ score }) => score >= best * nearlyAsGood)
    .slice(0, maxQuotes)
    .map(({ line }) => line);
  const [first] = some;
  if (!first || some.length === maxQuotes) return some;
  // What is said next often says the rest of it.
  const next = found.find(({ line }) => line.session_id === first.session_id && line.place === first.place + 1)?.line;
  return next && !some.includes(next) && !isQuestion(next.text) ? [...some, next] : some;
}

function quoted(line: LineRow): (string | LineRow)[] {
  return ["\n", `${nameOf(line.speaker)}, at ${clockOf(line.start_ms)}: “${line.text.trim()}” `, line];
}

async function nothing({ within: { sessions } }: Meetings, what = "I found nothing on that"): Promise<Quotes> {
  const where = sessions?.length === 1 ? "this meeting" : sessions ? "these meetings" : "any meeting";
  return { found: false, parts: [`${what} in ${where}.`] };
}

async function saidBy(
  { speaker, named }: Extract<Intent, { kind: "said_by" }>,
  question: string,
  meetings: Meetings,
): Promise<Quotes> {
  if (speaker === undefined) return search(question, meetings, "This is what was said about it");
  const about = askedStems(question).filter((stem) => !askedStems(speaker).includes(stem));
  if (about.length === 0) return ofSpeaker(speaker, meetings);
  const own = await search(question, meetings, `${speaker} said`, [speaker]);
  return own.found ? own : nothing(meetings, `I found nothing that ${named} said on that`);
}

/** Asked what somebody said, and of nothing: what stands for it. */
async function ofSpeaker(speaker: string, meetings: Meetings): Promise<Quotes> {
  const lines = (await meetings.lines(maxLines)).filter((line) => line.speaker === speaker);
  const best = summaryOf(lines, summaryLines.one);
  const some = best.length > 0 ? best : lines.slice(0, maxQuotes);
  if (some.length === 0) return nothing(meetings, `I found nothing that ${speaker} said`);
  return { found: true, parts: [`${speaker} said, among other things:\n`, ...some.flatMap(quoted)] };
}

const summaryWords = new Set(
  askedStems(
    "summary summarize summarise overview recap gist tldr main key point points topic topics short brief happened call calls " +
      "conversation interview interviews discussion discussions today week last this give write please",
    100,
  ),
);

async function summary(question: string, meetings: Meetings): Promise<Quotes> {
  const names = namedIn(question, await meetings.speakers());
  const own = new Set(names.flatMap((name) => askedStems(name)));
  const about = askedStems(question).filter((stem) => !summaryWords.has(stem) && !own.has(stem));
  if (about.length > 0) return search(question, meetings, "This is what was said about it");
  const all = await meetings.facts(summaryLines.meetings);
  const each = all.length === 1 ? summaryLines.one : summaryLines.many;
  const parts: (string | LineRow)[] = [];
  for (const fact of all) {
    const lines = await meetings.lines(maxLines, [fact.session_id]);
    const told = names.length > 0 ? lines.filter(({ speaker }) => speaker !== null && names.includes(speaker)) : lines;
    const best = summaryOf(told, each);
    if (best.length === 0) continue;
    if (all.length > 1) parts.push(`\n\n${titleOf(fact)}:`);
    parts.push(...best.flatMap(quoted));
  }
  if (parts.length === 0) return nothing(meetings, "I found nothing that was said");
  return { found: true, parts: ["Lines that say most of what was talked about, by the rule TextRank:\n", ...parts] };
}

function titleOf({ title, opened_at }: MeetingFacts): string {
  return `${title ?? "A meeting"} (${dayOf(opened_at)})`;
}

async function talkTime(question: string, meetings: Meetings): Promise<Quotes> {
  const times = await talkTimes(meetings);
  const names = namedIn(question, [...times.keys()]);
  const asked = /\b(?:did|does|has|was|is)\s+(\p{Lu}[\p{L}'-]*)/u.exec(question)?.[1];
  if (names.length === 0 && asked !== undefined && asked !== "I") {
    return nothing(meetings, `I know of nobody called ${asked} who spoke`);
  }
  const rows = [...times].filter(([name]) => names.length === 0 || names.includes(name)).sort((a, b) => b[1] - a[1]);
  if (rows.length === 0) return nothing(meetings, "I found nobody who spoke");
  const lines = rows.map(([name, ms]) => `\n${name} spoke for ${lengthOf(ms)}.`);
  return { found: true, parts: ["By the times of what was said:", ...lines] };
}

/** How long each spoke, ms: by speaker resolve, or, where that says nothing or not all may be seen, by the lines themselves. */
async function talkTimes(meetings: Meetings): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  const add = (name: string, ms: number): unknown => times.set(name, (times.get(name) ?? 0) + ms);
  const { tracks, speakers } = meetings.within;
  const facts = await meetings.facts(1_000);
  const isResolved = tracks === undefined && facts.every(({ talk }) => talk.length > 0);
  if (isResolved) for (const { talk } of facts) for (const { speaker, talk_ms } of talk) add(speaker, talk_ms);
  else for (const line of await meetings.lines(maxLines)) add(line.speaker ?? "Somebody", line.end_ms - line.start_ms);
  const wanted = speakers && new Set(speakers.map((name) => name.toLowerCase()));
  return new Map([...times].filter(([name]) => !wanted || wanted.has(name.toLowerCase())));
}

async function people(meetings: Meetings): Promise<Quotes> {
  const names = [...(await talkTimes(meetings))].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  if (names.length === 0) return nothing(meetings, "I found nobody who spoke");
  return { found: true, parts: [`Those who spoke: ${names.join(", ")}.`] };
}

async function marked(
  { mark, topic }: { readonly mark: Mark; readonly topic: boolean },
  question: string,
  meetings: Meetings,
): Promise<Quotes> {
  const names = namedIn(question, await meetings.speakers());
  const all = markedLines(mark, await meetings.lines(maxLines));
  const own = all.filter(
    ({ speaker }) => names.length === 0 || names.some((name) => speaker !== null && isPart(speaker, name)),
  );
  if (topic) {
    const found = await meetings.find(question, 60);
    const near = new Set(found.filter(({ score }) => score >= leastScore).map(({ line }) => line.id));
    const both = own.filter(({ id }) => near.has(id));
    if (both.length === 0)
      return search(question, meetings, "No line is put as one of these; this is what was said about it");
    return { found: true, parts: [headOf(mark), ...both.slice(0, maxMarked).flatMap(quoted)] };
  }
  if (own.length === 0) return nothing(meetings, `The rule for ${mark} (${ruleWords[mark]}) finds nothing`);
  return { found: true, parts: [headOf(mark), ...own.slice(0, maxMarked).flatMap(quoted)] };
}

function headOf(mark: Mark): string {
  return `By the rule for ${mark} (${ruleWords[mark]}):\n`;
}
