/**
 * Reads a room's log in slices, as text that the room has not looked at: the room's thread is the one that acks come from. Each
 * slice is one call, so that others get their turn between two of them. A room of before December 2026 answers with a page of
 * events, and is understood.
 */
import { ok, type Result } from "../../../schemas/lib/result.ts";
import type { EventsPage } from "../../../schemas/http/events.ts";
import type { EventType, RoomEvent } from "../../../schemas/speech/events.ts";
import type { AfterBeyondLog, EventsSlice, SliceAsk } from "../events/event-slice.ts";
import type { Meeting, MeetingOutline } from "../results/exports/meeting.ts";
import type { OutlineAsk } from "../results/gaps.ts";

type Refusal = "session_not_found" | AfterBeyondLog;

/** What of a room is asked here. */
export interface LogRoom {
  call(
    method: "events",
    after: number,
    limit: number,
    ask: SliceAsk,
  ): Promise<Result<EventsPage | EventsSlice, Refusal>>;
  call(
    method: "meeting",
    track: string | undefined,
    ask: OutlineAsk,
  ): Promise<Result<Meeting | MeetingOutline, "session_not_found" | "track_not_found">>;
}

/** A log that is shorter than it was: an operator set it back meanwhile. What was read of it so far must not be mixed with it. */
class LogChangedError extends Error {
  override readonly name = "LogChangedError";
}

/** The events after one, as many as fit into one slice, in the form of a page. */
export async function readSlice(
  room: LogRoom,
  after: number,
  limit: number,
  ask: SliceAsk = {},
): Promise<Result<EventsPage, Refusal>> {
  const slice = await room.call("events", after, limit, ask);
  return slice.ok ? ok(pageOf(slice.value)) : slice;
}

/** The events after one as the text of a page, at most `limit` of them. */
export async function pageText(room: LogRoom, after: number, limit: number): Promise<Result<string, Refusal>> {
  const texts: string[] = [];
  let count = 0;
  for (let from = after; ;) {
    const slice = await room.call("events", from, limit - count, {});
    if (!slice.ok) return slice;
    const { next_after, has_more } = slice.value;
    const text = "text" in slice.value ? slice.value.text : JSON.stringify(slice.value.events);
    if (text !== "[]") texts.push(text.slice(1, -1));
    // The log has no holes.
    count += next_after - from;
    from = next_after;
    if (has_more && count < limit) continue;
    return ok(`{"events":[${texts.join(",")}],"next_after":${next_after},"has_more":${has_more}}`);
  }
}

/** Events of some types up to one, slice by slice. @param upTo the log's length when the reader began. @param from the one before them. */
export async function* readTypes(
  room: LogRoom,
  upTo: number,
  types: readonly EventType[],
  from: number,
): AsyncGenerator<RoomEvent[], void, undefined> {
  for (let after = from; after < upTo;) {
    const slice = await readAgain(room, after, { up_to: upTo, types: [...types] }, upTo);
    yield slice.events;
    after = slice.next_after;
  }
}

/** Some events, in the order of their ids. @param upTo as `readTypes`. */
export async function readIds(room: LogRoom, ids: readonly number[], upTo: number): Promise<RoomEvent[]> {
  const events: RoomEvent[] = [];
  for (let after = 0, hasMore = ids.length > 0; hasMore;) {
    const slice = await readAgain(room, after, { up_to: upTo, ids: [...ids] }, upTo);
    events.push(...slice.events);
    [after, hasMore] = [slice.next_after, slice.has_more];
  }
  return events;
}

/** Of a log that was read before. */
async function readAgain(room: LogRoom, after: number, ask: SliceAsk, upTo: number): Promise<EventsPage> {
  const slice = await room.call("events", after, maxEventsPerSlice, ask);
  if (!slice.ok || !("text" in slice.value) || slice.value.event_count < upTo) {
    throw new LogChangedError("the log is not the one that the reader began with");
  }
  return pageOf(slice.value);
}

/** More than fit into one. */
const maxEventsPerSlice = 1_000;

/** Rows of the room's own, written by `EventLog`: they are not checked again. */
function pageOf(read: EventsPage | EventsSlice): EventsPage {
  if (!("text" in read)) return read;
  const { text, next_after, has_more } = read;
  return { events: JSON.parse(text) as RoomEvent[], next_after, has_more };
}
