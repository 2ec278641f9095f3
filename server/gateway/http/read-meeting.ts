/**
 * A meeting as exports need it, read and put together here, in the Worker, so that the room's thread does none of it.
 *
 * A reader gets one moment of the meeting: the first look at the room says how long the log is, and no event beyond that counts,
 * whatever happens meanwhile; where the tracks lie and which seconds are missing is of the same moment (of more than 500 gaps, the
 * later ones are of when they were read). A session that is deleted meanwhile is no meeting any more.
 *
 * Memory holds the stretches of speech and a few numbers for each utterance, and of the words as many as `maxHeldBytes`; the
 * others are asked for again while the document is written. Both stay there for the next reader (`log-folds.ts`): then only
 * the events that came meanwhile are read, and only the tracks that those are about are put together anew.
 */
import type { ResultGap } from "../../../schemas/http/gaps.ts";
import type { TranscriptEntry } from "../../../schemas/http/result.ts";
import { ok, type Result } from "../../../schemas/lib/result.ts";
import { runInSlices } from "../../shared/lib/run-in-slices.ts";
import type { Meeting, MeetingHead, MeetingOutline } from "../results/exports/meeting.ts";
import { KnownSpeech } from "./known-speech.ts";
import { heldWords, KnownWords } from "./known-words.ts";
import { LogFolds, type LogPlace } from "./log-folds.ts";
import { type LogRoom, readIds } from "./log-reader.ts";

const maxHeldBytes = 4_194_304;
const pageEntries = 200;

/** Of this isolate, for all who read meetings. */
export const knownLogs = new LogFolds(Date.now);

export interface ReadMeeting extends MeetingHead {
  /** In order of time. Empty where it was not asked for. */
  readonly transcript: AsyncIterable<readonly TranscriptEntry[]>;
}

export interface MeetingAsk {
  /** Undefined for all tracks. */
  readonly track: string | undefined;
  readonly hasTranscript: boolean;
  readonly maxHeldBytes?: number;
  /** What is known of this room's log already; without it, nothing is. */
  readonly known?: { readonly room: string; readonly folds: LogFolds };
  /** Called with every slice of the log. */
  readonly onSlice?: () => void;
}

/** What a reader knows of a meeting once it has looked at the room. */
export interface MeetingLook {
  readonly found: Meeting | MeetingOutline;
  readonly gaps: readonly ResultGap[];
  /** All that decides what the meeting is as it was asked for: as long as this is the same, so is that. Not of earlier rooms. */
  readonly content: unknown;
}

/** Costs the same however long the log is. @throws SessionDeletedError. */
export async function lookAtMeeting(
  room: LogRoom,
  { track, hasTranscript }: MeetingAsk,
): Promise<Result<MeetingLook, "session_not_found" | "track_not_found">> {
  const asked = await room.call("meeting", track, { gaps_from: null });
  if (!asked.ok) return asked;
  const found = asked.value;
  // A room of before December 2026 gives all of it at once.
  if ("timeline" in found) return ok({ found, gaps: found.gaps, content: undefined });
  const { session_id, event_count, last_event_at, offsets } = found;
  const gaps = hasTranscript ? await allGaps(room, track, found) : [];
  if (last_event_at === undefined) return ok({ found, gaps, content: undefined });
  const content = [session_id, event_count, last_event_at, ...(hasTranscript ? [offsets, gaps] : [])];
  return ok({ found, gaps, content });
}

/** @throws SessionDeletedError, also while the transcript is read. */
export async function readMeeting(
  room: LogRoom,
  ask: MeetingAsk,
  { found: outline, gaps }: MeetingLook,
): Promise<ReadMeeting> {
  const { track, hasTranscript } = ask;
  if ("timeline" in outline) return { ...outline, transcript: pagesOf(outline) };
  const { room: name, folds } = ask.known ?? { room: "", folds: new LogFolds(Date.now) };
  const place: LogPlace = { room: name, eventCount: outline.event_count, lastAt: outline.last_event_at };
  const offsets = new Map(outline.offsets);
  const use = async (speech: KnownSpeech, said?: KnownWords): Promise<ReadMeeting> => {
    const spoken = await runInSlices(speech.spoken(track));
    const entries = said ? await runInSlices(said.entries(spoken, offsets, track)) : [];
    const timeline = [...spoken.turnsByTrack.values()].flat();
    const transcript = withWords(room, entries, outline.event_count);
    return { sessionId: outline.session_id, timeline, gaps, offsets, transcript };
  };
  return folds.use(
    room,
    place,
    new KnownSpeech(),
    async (speech) => {
      if (!hasTranscript) return use(speech);
      const said = new KnownWords(ask.maxHeldBytes ?? maxHeldBytes);
      return folds.use(room, place, said, (whole) => use(speech, whole), ask.onSlice);
    },
    ask.onSlice,
  );
}

async function allGaps(room: LogRoom, track: string | undefined, outline: MeetingOutline): Promise<ResultGap[]> {
  const gaps = [...outline.gaps];
  for (let next = outline.gaps_next; next;) {
    const page = await room.call("meeting", track, { gaps_from: next });
    if (!page.ok || "timeline" in page.value) throw new Error("the room gives no outline any more");
    gaps.push(...page.value.gaps);
    next = page.value.gaps_next;
  }
  return gaps;
}

/** The entries in pages, with what was said. */
async function* withWords(
  room: LogRoom,
  entries: readonly TranscriptEntry[],
  upTo: number,
): AsyncGenerator<TranscriptEntry[], void, undefined> {
  for (let at = 0; at < entries.length; at += pageEntries) {
    const page = entries.slice(at, at + pageEntries);
    const ids = page.flatMap(({ text }) => (heldWords(text) === undefined ? [Number(text)] : []));
    const missing = await readIds(room, ids, upTo);
    const words = new Map(missing.map(({ event_id, utterance }) => [String(event_id), utterance?.text ?? ""]));
    yield page.map((entry) => ({
      ...entry,
      text: heldWords(entry.text) ?? words.get(entry.text) ?? "",
    }));
  }
}

async function* pagesOf({ transcript }: Meeting): AsyncGenerator<readonly TranscriptEntry[], void, undefined> {
  yield transcript;
}
