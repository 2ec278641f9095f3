/** A random log, the room that gives it out in slices, and its documents: as they are read, and as they should be. */
import { offsetsOf } from "../../../../schemas/speech/axis.ts";
import type { EventBody, RoomEvent } from "../../../../schemas/speech/events.ts";
import { timelineOf } from "../../../../schemas/speech/timeline.ts";
import { transcriptOf } from "../../../../schemas/speech/transcript.ts";
import { migrate } from "../../../../server/gateway/core/migrations.ts";
import { EventLog } from "../../../../server/gateway/events/event-log.ts";
import type { SliceAsk } from "../../../../server/gateway/events/event-slice.ts";
import type { LogRoom } from "../../../../server/gateway/http/log-reader.ts";
import { lookAtMeeting, type MeetingAsk, readMeeting } from "../../../../server/gateway/http/read-meeting.ts";
import {
  type ExportName,
  exports,
  writeExport,
  writePages,
} from "../../../../server/gateway/results/exports/exports.ts";
import { nodeSqlite } from "../../../support/node-database.ts";

export const names = Object.keys(exports) as ExportName[];
const tracks = ["mic", "room", "mixed"];
const origins = tracks.map((track, i) => ({ track, origin_ms: 5_000 - i * 700 }));
const gaps = [{ track: "mic", from_seq: 3, to_seq: 4, cause: "never_sent" as const }];

/** @param now ms since 1970. */
export function openLog(now: () => number = () => 1_000): EventLog {
  const db = nodeSqlite(now).open();
  migrate(db);
  return new EventLog(db);
}

/** The room as the Worker meets it, with slices of its own length. */
export class SlicedRoom implements LogRoom {
  events: EventLog;
  readonly #rows: () => number;
  calls = 0;
  /** Events that were given out. */
  given = 0;
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
      const event_count = this.events.count;
      const last_event_at = this.events.rows(event_count - 1, 1)[0]?.at ?? 0;
      const outline = { session_id: "s", event_count, last_event_at, offsets, gaps: own, gaps_next: null };
      return { ok: true, value: outline };
    }
    this.beforeSlice();
    const [after, limit, ask] = args as [number, number, SliceAsk];
    const value = this.events.slice(after, Math.min(limit, this.#rows()), ask);
    this.given += (JSON.parse(value.text) as unknown[]).length;
    return { ok: true, value };
  }) as LogRoom["call"];
}

export type Random = (below: number) => number;

export function randomEvent(random: Random, count: number): EventBody {
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

export function wholeText(name: ExportName, log: readonly RoomEvent[], track: string | undefined): string {
  const isWanted = (entry: { readonly track: string }): boolean => track === undefined || entry.track === track;
  const timeline = timelineOf(log).filter(isWanted);
  const offsets = track === undefined ? offsetsOf(origins) : new Map<string, number>();
  const transcript = transcriptOf(log, timeline, offsets).filter(isWanted);
  return [...writeExport(name, { sessionId: "s", timeline, transcript, gaps: gaps.filter(isWanted), offsets })].join(
    "",
  );
}

export async function slicedText(
  name: ExportName,
  room: LogRoom,
  ask: Omit<MeetingAsk, "hasTranscript">,
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
