/**
 * A slice of the event log as text: what a reader of a long log gets at a time. Bounded in rows and in characters, so that it
 * costs the room the same wherever it lies and however long the log is; and unread, since it is the reader who has the time.
 */
import * as z from "zod";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import type { EventRow } from "./event-log.ts";

const maxRows = 256;
/** Rows read at a time: as many may go beyond `maxChars`. */
const stepRows = 64;
const maxChars = 131_072;

/** What a reader asks for besides `after` and how many. Types are texts: the reader may know other ones than the room. */
export const sliceAskSchema = z.object({
  /** The last event that counts: the log's length when the reader began. Without it, as far as the log goes. */
  up_to: z.int().min(0).optional(),
  types: z.array(z.string()).min(1).max(32).optional(),
  /** These and no others; then `after` must be 0. */
  ids: z.array(z.int()).max(maxRows).optional(),
});
export type SliceAsk = z.infer<typeof sliceAskSchema>;

export interface EventsSlice {
  /** A JSON list of events, in order. */
  readonly text: string;
  readonly next_after: number;
  /** Whether there is more of what was asked for. */
  readonly has_more: boolean;
  /** How long the log was when the slice was read. */
  readonly event_count: number;
}

const byIds = stmt<[ids: string], EventRow>(
  "SELECT event_id, at, body FROM events WHERE event_id IN (SELECT value FROM json_each(?)) ORDER BY event_id",
);
const ofType = stmt<[type: string, after: number, upTo: number, max: number], { event_id: number }>(
  "SELECT event_id FROM events WHERE type = ? AND event_id > ? AND event_id <= ? ORDER BY event_id LIMIT ?",
);

/** There is no event with the number that somebody says they have: they have it of another log. */
export interface AfterBeyondLog {
  readonly reason: "after_beyond_log";
  readonly eventCount: number;
}

/** An event's JSON. A body is a JSON object with at least its type. */
export function eventJson({ event_id, at, body }: EventRow): string {
  return `{"event_id":${event_id},"at":"${new Date(at).toISOString()}",${body.slice(1)}`;
}

/** @param count how long the log is. */
export function readSlice(db: Database, count: number, after: number, max: number, ask: SliceAsk): EventsSlice {
  const upTo = Math.min(count, ask.up_to ?? count);
  const limit = Math.max(1, Math.min(max, maxRows));
  const ids = wantedIds(db, after, upTo, limit, ask);
  const events: string[] = [];
  let chars = 0;
  let last = after;
  for (let at = 0; at < ids.length && chars < maxChars; at += stepRows) {
    for (const row of byIds.all(db, JSON.stringify(ids.slice(at, at + stepRows)))) {
      events.push(eventJson(row));
      chars += row.body.length;
      last = row.event_id;
    }
  }
  // All that are wanted were read, and nothing more is there.
  const isDone = ids.length < limit && last === (ids.at(-1) ?? after);
  const next_after = isDone ? Math.max(after, upTo) : last;
  return { text: `[${events.join(",")}]`, next_after, has_more: next_after < upTo, event_count: count };
}

/** At most `limit` ids, in order. Each type by itself, out of the index: no more is looked at than is wanted. */
function wantedIds(db: Database, after: number, upTo: number, limit: number, { types, ids }: SliceAsk): number[] {
  const isWithin = (id: number): boolean => id > after && id <= upTo;
  if (ids) return ids.filter(isWithin).sort(byNumber).slice(0, limit);
  if (types) {
    const found = types.flatMap((type) => ofType.all(db, type, after, upTo, limit).map(({ event_id }) => event_id));
    return found.sort(byNumber).slice(0, limit);
  }
  // The log has no holes.
  return Array.from({ length: Math.max(0, Math.min(limit, upTo - after)) }, (_, index) => after + 1 + index);
}

function byNumber(a: number, b: number): number {
  return a - b;
}
