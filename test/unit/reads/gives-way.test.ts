/**
 * A reader of a long log gives the thread back between any two of its steps, though each of them is answered at once: what waits
 * for the thread, as a frame on a socket does, has its turn before the next. A timer stands for it here.
 */
import { expect, test } from "vitest";
import type { TranscriptEntry, Turn } from "../../../schemas/http/result.ts";
import { offsetsOf } from "../../../schemas/speech/axis.ts";
import { migrate } from "../../../server/gateway/core/migrations.ts";
import { EventLog } from "../../../server/gateway/events/event-log.ts";
import type { SliceAsk } from "../../../server/gateway/events/event-slice.ts";
import { streamOf } from "../../../server/gateway/http/finished-exports.ts";
import { type LogRoom, pageText } from "../../../server/gateway/http/log-reader.ts";
import { lookAtMeeting, readMeeting } from "../../../server/gateway/http/read-meeting.ts";
import { type ExportName, exports, writePages } from "../../../server/gateway/results/exports/exports.ts";
import { givingWay } from "../../../server/shared/lib/wait.ts";
import { nodeSqlite } from "../../support/node-database.ts";

/** What happened, in order. */
type Course = ("step" | "others")[];

/** A step of somebody's work, at whose time something comes that waits for the thread. */
function note(course: Course): void {
  course.push("step");
  setTimeout(() => course.push("others"), 0);
}

/** The most steps one after the other, without others between them. */
function mostAtOnce(course: Course): number {
  const runs = course.join("").split("others");
  return Math.max(...runs.map((steps) => steps.length / "step".length));
}

const rows = 7;

/** A room that answers at once, asked as all routes of the Worker ask. */
function roomOf(events: EventLog, course: Course): LogRoom {
  const myTurn = givingWay();
  const call = async (method: string, ...args: unknown[]): Promise<object> => {
    await myTurn();
    note(course);
    if (method === "meeting") {
      const [, ask] = args as [unknown, { gaps_from: { after: number } | null }];
      const page = ask.gaps_from?.after ?? 0;
      const gaps = [{ track: "mic", from_seq: page + 1, to_seq: page + 1, cause: "never_sent" }];
      const gaps_next = page < 4 ? { track: "mic", after: page + 2 } : null;
      const offsets = [...offsetsOf([])];
      return { ok: true, value: { session_id: "s", event_count: events.count, offsets, gaps, gaps_next } };
    }
    const [after, limit, ask] = args as [number, number, SliceAsk];
    return { ok: true, value: events.slice(after, Math.min(limit, rows), ask) };
  };
  return { call: call as LogRoom["call"] };
}

function longLog(): EventLog {
  const db = nodeSqlite(() => 1_000).open();
  migrate(db);
  const events = new EventLog(db);
  for (let n = 0; n < 60; n += 1) {
    const utterance = { utterance_id: `u${n}`, track: "mic", start_ms: n, end_ms: n + 1, text: "Hello.", revision: 1 };
    events.append({ type: "utterance.added", utterance, by: "room" });
    const where = { track: "mic", from_seq: 1, to_seq: 3, start_ms: n * 10, end_ms: n * 10 + 9 };
    events.append({ type: "speaker.resolved", ...where, cluster_id: `c${n}`, evidence: {}, by: "inference" });
  }
  return events;
}

test.for(Object.keys(exports) as ExportName[])("[R13] %s gives way between any two looks at the room", async (name) => {
  const course: Course = [];
  const { hasTranscript, open } = exports[name];
  const asked = { track: undefined, hasTranscript, maxHeldBytes: 100 };
  const room = roomOf(longLog(), course);
  const look = await lookAtMeeting(room, asked);
  if (!look.ok) throw new Error(look.error);
  const meeting = await readMeeting(room, asked, look.value);
  for await (const _ of writePages(open(meeting), meeting.transcript));
  expect([course.length > 10, mostAtOnce(course)]).toEqual([true, 1]);
});

test("[R13] a page of many slices gives way between any two of them", async () => {
  const course: Course = [];
  const page = await pageText(roomOf(longLog(), course), 0, 100);
  expect(page.ok).toBe(true);
  expect([course.length > 10, mostAtOnce(course)]).toEqual([true, 1]);
});

test.for(Object.keys(exports) as ExportName[])("[R13] %s gives way between any two of its pieces", async (name) => {
  const course: Course = [];
  const entry = {
    utterance_id: "u",
    track: "mic",
    start_ms: 1,
    end_ms: 2,
    text: "A",
    cluster_id: "c1",
    speaker_name: null,
  };
  const turn: Turn = { track: "mic", start_ms: 1, end_ms: 2, cluster_id: "c1", speaker_name: null, turn_ids: [1] };
  const transcript = async function* (): AsyncGenerator<readonly TranscriptEntry[], void, undefined> {
    for (let n = 0; n < 10; n += 1) yield [entry];
  };
  const gaps = Array.from({ length: 5_000 }, (_, n) => ({
    track: "mic",
    from_seq: n + 9,
    to_seq: n + 9,
    cause: "never_sent" as const,
  }));
  const timeline = Array.from({ length: 5_000 }, () => turn);
  const document = exports[name].open({ sessionId: "s", timeline, gaps });
  for await (const piece of writePages(document, transcript())) if (piece !== "") note(course);
  expect([course.length > 3, mostAtOnce(course)]).toEqual([true, 1]);
});

test("[R13] a document out of memory gives way between any two of its pieces", async () => {
  let [others, isRead] = [0, false];
  const next = (): void => {
    others += 1;
    if (!isRead) setTimeout(next, 0);
  };
  next();
  const pieces = Array.from({ length: 50 }, (_, n) => new Uint8Array([n]));
  const bytes = new Uint8Array(await new Response(streamOf({ pieces, rest: undefined })).arrayBuffer());
  isRead = true;
  expect([...bytes]).toEqual(pieces.map(([byte]) => byte));
  expect(others).toBeGreaterThan(25);
});
