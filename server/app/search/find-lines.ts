/**
 * Finds lines for a question in a tenant's index, within what the asker may see: nothing of any other meeting is looked at or counted,
 * so that an answer says nothing of it either. How lines are ranked is `rank-lines.ts`'s.
 */
import type { LineRow } from "./index-store.ts";
import { type Ranked, rankLines, type Term } from "./rank-lines.ts";
import { askedStems, namedIn, stemsOf } from "./words.ts";

/** What an asker may see and wants to see. Undefined: no bound by it. */
export interface Within {
  readonly sessions: readonly string[] | undefined;
  readonly tracks: readonly string[] | undefined;
  readonly speakers: readonly string[] | undefined;
  /** When the meeting was opened, ms since 1970. */
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** Lines that are looked at closer. */
const maxCandidates = 200;

/** The words of a deleted meeting go some at a time; until the last has gone, none is found. */
const where = `
  l.session_id NOT IN (SELECT session_id FROM meetings WHERE is_deleted = 1)
  AND (?1 IS NULL OR l.session_id IN (SELECT value FROM json_each(?1)))
  AND (?2 IS NULL OR l.track IN (SELECT value FROM json_each(?2)))
  AND (?3 IS NULL OR lower(l.speaker) IN (SELECT value FROM json_each(?3)))
  AND (?4 IS NULL OR (SELECT opened_at FROM meetings m WHERE m.session_id = l.session_id) >= ?4)
  AND (?5 IS NULL OR (SELECT opened_at FROM meetings m WHERE m.session_id = l.session_id) <= ?5)`;

/** Best first. */
export function findLines(sql: SqlStorage, question: string, within: Within, most: number): Ranked<LineRow>[] {
  const named = speakersNamed(sql, question, within);
  const nameStems = new Set(named.flatMap(stemsOf));
  const asked = askedStems(question);
  const stems = asked.filter((stem) => !nameStems.has(stem));
  // Asked of a person alone, who speaks of them is looked for.
  const looked = stems.length > 0 ? stems : asked;
  if (looked.length === 0) return [];
  const bounds = boundsOf(within);
  const total = count(sql, `SELECT count(*) AS n FROM lines l WHERE ${where}`, bounds);
  if (total === 0) return [];
  const terms: Term[] = looked.map((stem) => ({ stem, lines: countOf(sql, quoted([stem]), bounds) }));
  const known = terms.filter(({ lines }) => lines > 0).map(({ stem }) => stem);
  if (known.length === 0) return [];
  const hits = sql
    .exec<LineRow>(
      `SELECT l.* FROM words JOIN lines l ON l.id = words.rowid WHERE words MATCH ?6 AND ${where} ORDER BY words.rank LIMIT ?7`,
      ...bounds,
      quoted(known),
      maxCandidates,
    )
    .toArray();
  const around = new Map<string, LineRow>();
  for (const row of hits) for (const near of neighbours(sql, row, within)) around.set(keyOf(near), near);
  // What stands around a line helps to rank it, whoever said it; it is no answer where others are asked for.
  const wanted = within.speakers && new Set(within.speakers.map((name) => name.toLowerCase()));
  const ranked = rankLines([...around.values()], terms, total, new Set(named));
  return ranked.filter(({ line }) => !wanted || wanted.has(line.speaker?.toLowerCase() ?? "")).slice(0, most);
}

/** Lines of some meetings in order. */
export function linesOf(sql: SqlStorage, within: Within, most: number): LineRow[] {
  return sql
    .exec<LineRow>(
      `SELECT l.* FROM lines l WHERE ${where} ORDER BY l.session_id, l.place LIMIT ?6`,
      ...boundsOf(within),
      most,
    )
    .toArray();
}

/** What stands around a line, and it: two before, two after. */
function neighbours(sql: SqlStorage, { session_id, place }: LineRow, { tracks }: Within): LineRow[] {
  return sql
    .exec<LineRow>(
      `SELECT * FROM lines WHERE session_id = ?1 AND place BETWEEN ?2 AND ?3
       AND (?4 IS NULL OR track IN (SELECT value FROM json_each(?4))) ORDER BY place`,
      session_id,
      place - 2,
      place + 2,
      listed(tracks),
    )
    .toArray();
}

/** Everybody who said something. */
export function speakersOf(sql: SqlStorage, within: Within): string[] {
  const rows = sql.exec<{ speaker: string }>(
    `SELECT DISTINCT l.speaker AS speaker FROM lines l WHERE l.speaker IS NOT NULL AND ${where} LIMIT 500`,
    ...boundsOf(within),
  );
  return rows.toArray().map(({ speaker }) => speaker);
}

/** Speakers whose name, or a part of it, stands in the question. */
function speakersNamed(sql: SqlStorage, question: string, within: Within): string[] {
  return namedIn(question, speakersOf(sql, within));
}

type Bounds = [string | null, string | null, string | null, number | null, number | null];

function boundsOf({ sessions, tracks, speakers, from, to }: Within): Bounds {
  const names = speakers?.map((name) => name.toLowerCase());
  return [listed(sessions), listed(tracks), listed(names), from ?? null, to ?? null];
}

function listed(values: readonly string[] | undefined): string | null {
  return values === undefined ? null : JSON.stringify(values);
}

/** As FTS5 reads it: any of these words. Stems are letters and digits alone. */
function quoted(stems: readonly string[]): string {
  return stems.map((stem) => `"${stem}"`).join(" OR ");
}

function countOf(sql: SqlStorage, match: string, bounds: Bounds): number {
  const query = `SELECT count(*) AS n FROM words JOIN lines l ON l.id = words.rowid WHERE words MATCH ?6 AND ${where}`;
  return sql.exec<{ n: number }>(query, ...bounds, match).one().n;
}

function count(sql: SqlStorage, query: string, bounds: Bounds): number {
  return sql.exec<{ n: number }>(query, ...bounds).one().n;
}

function keyOf({ session_id, place, track }: LineRow): string {
  return `${session_id}/${place}/${track}`;
}
