/**
 * The event log as a result is made of it: page by page, so that neither its text nor its events are ever in memory as a whole,
 * and other work of the room gets its turn between two pages (K7).
 */
import type { RoomEvent } from "../../../../schemas/speech/events.ts";
import { type Offsets, placeTurns } from "../../../../schemas/speech/axis.ts";
import { timelineSteps } from "../../../../schemas/speech/timeline.ts";
import { namedByPeople, StandingUtterances, transcriptSteps } from "../../../../schemas/speech/transcript.ts";
import { type SpeakerView, viewOf } from "../../../../schemas/speech/speaker-view.ts";
import type { TranscriptEntry, Turn } from "../../../../schemas/http/result.ts";
import { runInSlices } from "../../../shared/lib/run-in-slices.ts";
import { giveWay } from "../../../shared/lib/wait.ts";
import type { EventLog } from "../../events/event-log.ts";
import { eventJson } from "../../events/event-slice.ts";

/** Events of one page. A long one is a caption of 4,000 characters. */
const pageEvents = 200;

/** What the log adds up to. */
export interface ResultLog {
  readonly view: SpeakerView;
  readonly timeline: Turn[];
  /** In place of its text, each entry has the id of the event that has it: see `entriesWithText`. */
  readonly entries: TranscriptEntry[];
  readonly finalizing: RoomEvent | undefined;
}

/** @param upTo the last event that counts. @param offsets where each track lies on the meeting's axis. */
export async function readResultLog(events: EventLog, upTo: number, offsets: Offsets): Promise<ResultLog> {
  const log: RoomEvent[] = [];
  const said = new StandingUtterances();
  for await (const page of pagesOf(upTo, (after, max) => events.page(after, max))) {
    for (const event of page.map(withoutText)) {
      if (event.utterance) said.take(event);
      else log.push(event);
    }
  }
  const view = viewOf(log);
  const turns = await runInSlices(timelineSteps(log));
  const entries = await runInSlices(transcriptSteps(said.values(), turns, offsets, namedByPeople(view)));
  const finalizing = log.find(({ type }) => type === "session.finalizing");
  return { view, timeline: placeTurns(turns, offsets), entries, finalizing };
}

/** All events up to one as JSON, with commas between them. */
export async function* eventsJson(events: EventLog, upTo: number): AsyncGenerator<string, void, undefined> {
  let isFirst = true;
  for await (const page of pagesOf(upTo, (after, max) => events.rows(after, max))) {
    yield (isFirst ? "" : ",") + page.map(eventJson).join(",");
    isFirst = false;
  }
}

/** The transcript a page at a time, with what was said. */
export async function* entriesWithText(
  events: EventLog,
  entries: readonly TranscriptEntry[],
): AsyncGenerator<TranscriptEntry[], void, undefined> {
  for (let at = 0; at < entries.length; at += pageEvents) {
    const page = entries.slice(at, at + pageEvents);
    yield page.map((entry) => ({ ...entry, text: events.saidIn(Number(entry.text)) }));
    await giveWay();
  }
}

/** The event without what only its reader needs. */
function withoutText(event: RoomEvent): RoomEvent {
  const { evidence: _, utterance, ...rest } = event;
  return utterance ? { ...rest, utterance: { ...utterance, text: String(event.event_id) } } : rest;
}

async function* pagesOf<T extends { readonly event_id: number }>(
  upTo: number,
  read: (after: number, max: number) => T[],
): AsyncGenerator<T[], void, undefined> {
  for (let after = 0; after < upTo; after += pageEvents) {
    yield read(after, Math.min(pageEvents, upTo - after));
    await giveWay();
  }
}
