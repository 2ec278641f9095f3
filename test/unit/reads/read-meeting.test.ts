/** A meeting that is read in slices is the one that is read at once, however the slices lie and whatever comes meanwhile. */
import { expect, test } from "vitest";
import { offsetsOf } from "../../../schemas/speech/axis.ts";
import type { EventBody, RoomEvent } from "../../../schemas/speech/events.ts";
import { timelineOf } from "../../../schemas/speech/timeline.ts";
import { transcriptOf } from "../../../schemas/speech/transcript.ts";
import { migrate } from "../../../server/gateway/core/migrations.ts";
import { EventLog } from "../../../server/gateway/events/event-log.ts";
import type { SliceAsk } from "../../../server/gateway/events/event-slice.ts";
import type { LogRoom } from "../../../server/gateway/http/log-reader.ts";
import { pageText } from "../../../server/gateway/http/log-reader.ts";
import { lookAtMeeting, readMeeting } from "../../../server/gateway/http/read-meeting.ts";
import { type ExportName, exports, writeExport, writePages } from "../../../server/gateway/results/exports/exports.ts";
import { nodeSqlite } from "../../support/node-database.ts";
import { randomFrom, seed } from "../support/random.ts";

const names = Object.keys(exports) as ExportName[];
const tracks = ["mic", "room", "mixed"];
const origins = tracks.map((track, i) => ({ track, origin_ms: 5_000 - i * 700 }));
const gaps = [{ track: "mic", from_seq: 3, to_seq: 4, cause: "never_sent" as const }];

function openLog(): EventLog {
  const db = nodeSqlite(() => 1_000).open();
  migrate(db);
  return new EventLog(db);
}

/** The room as the Worker meets it, with slices of its own length. */
class SlicedRoom implements LogRoom {
  readonly events: EventLog;
  readonly #rows: () => number;
  calls = 0;
  /** Called before each slice. */
  beforeSlice = (): void => {};

  constructor(events: EventLog, rows: () => number) {
    this.events = events;
    this.#rows = rows;
  }

  readonly call = (async (method: string, ...args: unknown[]) => {
    this.calls += 1;
    if (method === "meeting") {
      const [track] = args as [string | undefined];
      const offsets = track === undefined ? [...offsetsOf(origins)] : [];
      const own = gaps.filter((gap) => track === undefined || gap.track === track);
      const outline = { session_id: "s", event_count: this.events.count, offsets, gaps: own, gaps_next: null };
      return { ok: true, value: outline };
    }
    this.beforeSlice();
    const [after, limit, ask] = args as [number, number, SliceAsk];
    return { ok: true, value: this.events.slice(after, Math.min(limit, this.#rows()), ask) };
  }) as LogRoom["call"];
}

type Random = (below: number) => number;

function randomEvent(random: Random, count: number): EventBody {
  const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T;
  const track = pick(tracks);
  const cluster_id = pick(["c1", "c2", "c3"]);
  const by = pick(["inference", "person"] as const);
  const from_seq = 1 + random(20);
  const kinds: (() => EventBody)[] = [
    () => {
      const start_ms = (from_seq - 1) * 1_000 + random(900);
      const where = { track, from_seq, to_seq: from_seq + 3, start_ms, end_ms: start_ms + 1 + random(2_000) };
      const again = random(6) === 0 && count > 0 ? { replaces: 1 + random(count) } : {};
      return { type: "speaker.resolved", ...where, ...again, cluster_id, evidence: { sv_score: 0.5 }, by: "inference" };
    },
    () => {
      const utterance_id = `u${random(9)}`;
      const start_ms = random(20_000);
      const text = pick(["", "Hello?", "a <b> & -->", "=5", "12", "é".repeat(40)]);
      const words = { utterance_id, track, start_ms, end_ms: start_ms + random(3_000), text, revision: 1 };
      const utterance = random(3) === 0 ? { ...words, speaker: "Line\nBreak" } : words;
      return { type: pick(["utterance.added", "utterance.revised"] as const), track, utterance, by: "room" };
    },
    () => ({ type: "speaker.bound", cluster_id, speaker_name: pick(["Ada", "Bob"]), by }),
    () => ({ type: "speaker.unbound", cluster_id, speaker_name: "Ada", by }),
    () => ({ type: "speaker.merged", cluster_id, into_cluster_id: pick(["c1", "c2", "c3"]), by }),
    () => ({ type: "speaker.reassigned", turn_id: 1 + random(count + 1), cluster_id, by }),
    () => ({ type: "speaker.undone", undoes: 1 + random(count + 1), by: "person" }),
    () => ({ type: "track.stalled", track, to_seq: from_seq, by: "room" }),
  ];
  // Merges turn in a circle where there are many.
  return (random(3) === 0 ? pick(kinds.filter((_, i) => i !== 4)) : pick(kinds.slice(0, 2)))();
}

function wholeText(name: ExportName, log: readonly RoomEvent[], track: string | undefined): string {
  const isWanted = (entry: { readonly track: string }): boolean => track === undefined || entry.track === track;
  const timeline = timelineOf(log).filter(isWanted);
  const offsets = track === undefined ? offsetsOf(origins) : new Map<string, number>();
  const transcript = transcriptOf(log, timeline, offsets).filter(isWanted);
  return [...writeExport(name, { sessionId: "s", timeline, transcript, gaps: gaps.filter(isWanted), offsets })].join(
    "",
  );
}

async function slicedText(
  name: ExportName,
  room: LogRoom,
  ask: { track: string | undefined; maxHeldChars: number },
): Promise<string> {
  const { hasTranscript, open } = exports[name];
  const asked = { ...ask, hasTranscript };
  const look = await lookAtMeeting(room, asked);
  if (!look.ok) throw new Error(look.error);
  const meeting = await readMeeting(room, asked, look.value);
  let text = "";
  for await (const piece of writePages(open(meeting), meeting.transcript)) text += piece;
  return text;
}

test("[R13] every export read in slices is the one of the whole log as it was at the first look", async () => {
  const random = randomFrom(seed);
  for (let round = 0; round < 60; round += 1) {
    const events = openLog();
    const length = random(60);
    for (let n = 0; n < length; n += 1) events.append(randomEvent(random, n));
    const log = events.all();
    for (const name of names) {
      const track = [undefined, "mic"][random(2)];
      const rows = 1 + random(12);
      const maxHeldChars = random(3) * 40;
      const room = new SlicedRoom(events, () => rows);
      room.beforeSlice = () => events.append(randomEvent(random, events.count));
      const what = `seed ${seed}, round ${round}: ${JSON.stringify({ name, track, rows, maxHeldChars, length })}`;
      const upTo = events.all();
      const sliced = await slicedText(name, room, { track, maxHeldChars });
      expect(sliced, `read in slices, ${what}`).toBe(wholeText(name, upTo, track));
    }
    expect(log.length, `seed ${seed}`).toBe(length);
  }
});

test("[R13] slices cut at every boundary give the same", async () => {
  const random = randomFrom(seed + 1);
  const events = openLog();
  for (let n = 0; n < 40; n += 1) events.append(randomEvent(random, n));
  for (let rows = 1; rows <= 41; rows += 1) {
    for (const name of names) {
      const text = await slicedText(name, new SlicedRoom(events, () => rows), { track: undefined, maxHeldChars: 30 });
      expect(text, `seed ${seed}, ${rows} rows of ${name}`).toBe(wholeText(name, events.all(), undefined));
    }
    const page = await pageText(new SlicedRoom(events, () => rows), 5, 17);
    expect(JSON.parse(page.ok ? page.value : "")).toEqual({
      events: events.page(5, 17),
      next_after: 22,
      has_more: true,
    });
  }
});

const longUtterance = (n: number): EventBody => ({
  type: "utterance.added",
  utterance: { utterance_id: `u${n}`, track: "mic", start_ms: n, end_ms: n, text: "w".repeat(4_000), revision: 1 },
  by: "room",
});

test("[R13] a slice ends with its characters, and with no more rows of other types looked at than it has", async () => {
  const events = openLog();
  for (let n = 0; n < 400; n += 1) events.append(longUtterance(n));
  events.append({ type: "speaker.bound", cluster_id: "c1", speaker_name: "Ada", by: "person" });
  const slice = events.slice(0, 1_000, {});
  expect(slice.text.length).toBeLessThan(131_072 + 64 * 4_300);
  expect(slice.has_more).toBe(true);
  const room = new SlicedRoom(events, () => 1_000);
  await slicedText("speakers.rttm", room, { track: undefined, maxHeldChars: 0 });
  // The outline, and one slice: that the log is long is nothing to who reads no words.
  expect(room.calls).toBe(2);
});

test("[R13] a log that was set back while it is read is not mixed with what came before", async () => {
  const long = openLog();
  for (let n = 0; n < 20; n += 1) long.append({ type: "track.stalled", track: "mic", to_seq: n, by: "room" });
  const short = openLog();
  const call = (async (method: string, ...args: unknown[]) => {
    if (method === "meeting") return new SlicedRoom(long, () => 3).call("meeting", undefined, { gaps_from: null });
    const [after, limit, ask] = args as [number, number, SliceAsk];
    return { ok: true, value: short.slice(after, limit, ask) };
  }) as LogRoom["call"];
  await expect(slicedText("transcript.srt", { call }, { track: undefined, maxHeldChars: 9 })).rejects.toThrow(
    "the log",
  );
});
