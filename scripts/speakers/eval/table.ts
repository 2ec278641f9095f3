/** The evaluation as a table of text. Pure. */
import type { DerScore } from "./der.ts";
import type { Meeting } from "./meetings.ts";
import type { Turn } from "./turns.ts";

export interface Outcome {
  readonly meeting: Meeting;
  readonly said: readonly Turn[];
  /** With the collar, and without. */
  readonly lenient: DerScore;
  readonly strict: DerScore;
  /** What a second look at the whole meeting made of it, with the collar. */
  readonly reviewed?: { readonly said: readonly Turn[]; readonly lenient: DerScore } | undefined;
}

/** A row a condition: recordings by the first part of their names and whether they went through a telephone. */
export function formatTable(outcomes: readonly Outcome[], isEach = false): string[] {
  const groups = Map.groupBy(outcomes, ({ meeting }) => meeting.group);
  const rows = [...groups].map(([name, group]) => rowOf(group.length === 1 ? nameOf(group) : name, group));
  if (isEach) rows.unshift(...outcomes.map((outcome) => rowOf(outcome.meeting.name, [outcome])));
  for (const [name, isMember] of [
    ["all of the folder", (outcome: Outcome) => outcome.meeting.condition === "recorded"],
    ["all made", (outcome: Outcome) => outcome.meeting.condition !== "recorded"],
  ] as const) {
    const members = outcomes.filter(isMember);
    if (members.length > 1) rows.push(rowOf(name, members));
  }
  const head = [
    "meetings",
    "n",
    "DER ±0.25 s",
    "no collar",
    "missed",
    "false",
    "confused",
    "in overlap",
    "speakers off by",
    "count right",
    ...(outcomes.some(({ reviewed }) => reviewed) ? ["reviewed", "confused", "count right"] : []),
  ];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [head, ...rows].map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
  );
}

/** What is promised, as mean error with the collar, and as share of real time. */
const targets = { recordedDer: 0.08, madeDer: 0.1, cpuShare: 0.02 };

/** @returns a line for each that is missed. */
export function missedTargets(outcomes: readonly Outcome[], cpuShare: number): string[] {
  const recorded = outcomes.filter(({ meeting }) => meeting.condition === "recorded");
  const made = outcomes.filter(({ meeting }) => meeting.condition !== "recorded");
  const lines = [
    [recorded, targets.recordedDer, "meetings of the folders"] as const,
    [made, targets.madeDer, "made meetings"] as const,
  ].flatMap(([group, target, name]) => {
    const der = mean(group, ({ lenient }) => lenient.der);
    return der > target ? [`${name}: ${(100 * der).toFixed(1)} %, not ${100 * target} %`] : [];
  });
  if (cpuShare > targets.cpuShare) lines.push(`CPU: ${(100 * cpuShare).toFixed(1)} % of real time`);
  return lines;
}

/** NaN of nothing. */
function mean(group: readonly Outcome[], value: (outcome: Outcome) => number): number {
  return group.reduce((sum, outcome) => sum + value(outcome), 0) / group.length;
}

/** Means over the meetings, so that a long one counts as a short one. */
function rowOf(name: string, group: readonly Outcome[]): string[] {
  const percent = (value: (outcome: Outcome) => number): string => `${(100 * mean(group, value)).toFixed(1)} %`;
  return [
    name,
    String(group.length),
    percent(({ lenient }) => lenient.der),
    percent(({ strict }) => strict.der),
    percent(({ lenient }) => lenient.missedMs / lenient.totalMs),
    percent(({ lenient }) => lenient.falseMs / lenient.totalMs),
    percent(({ lenient }) => lenient.confusedMs / lenient.totalMs),
    percent(({ lenient }) => lenient.overlapErrorMs / lenient.totalMs),
    mean(group, countError).toFixed(2),
    percent((outcome) => (countError(outcome) === 0 ? 1 : 0)),
    ...reviewOf(group),
  ];
}

function reviewOf(group: readonly Outcome[]): string[] {
  const of = group.flatMap(({ meeting, reviewed }) => (reviewed ? [{ meeting, ...reviewed }] : []));
  if (of.length === 0) return [];
  const percent = (value: (outcome: (typeof of)[number]) => number): string =>
    `${((100 * of.reduce((sum, outcome) => sum + value(outcome), 0)) / of.length).toFixed(1)} %`;
  return [
    percent(({ lenient }) => lenient.der),
    percent(({ lenient }) => lenient.confusedMs / lenient.totalMs),
    percent((outcome) => (countError(outcome) === 0 ? 1 : 0)),
  ];
}

function nameOf(group: readonly Outcome[]): string {
  return group[0]?.meeting.name ?? "";
}

function countError({ meeting, said }: Pick<Outcome, "meeting" | "said">): number {
  return Math.abs(countSpeakers(said) - countSpeakers(meeting.truth));
}

function countSpeakers(turns: readonly Turn[]): number {
  return new Set(turns.map(({ speaker }) => speaker)).size;
}
