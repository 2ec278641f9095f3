/**
 * What was said in a meeting, as far as its log was read: every utterance as it stands, and the entries of the transcript that they are.
 * A track's entries are made again only where one of its utterances, its turns or its place on the meeting's axis changed.
 */
import type { TranscriptEntry, Turn } from "../../../schemas/http/result.ts";
import type { Steps } from "../../../schemas/lib/steps.ts";
import type { Offsets } from "../../../schemas/speech/axis.ts";
import type { EventType, RoomEvent } from "../../../schemas/speech/events.ts";
import {
  mergeTranscripts,
  namedByPeople,
  StandingUtterances,
  transcriptSteps,
} from "../../../schemas/speech/transcript.ts";
import type { Utterance } from "../../../schemas/speech/utterances.ts";
import type { Spoken } from "./known-speech.ts";
import type { LogFold } from "./log-folds.ts";

/**
 * Bytes of memory: of an utterance without its words, of an entry of the transcript, and of words beside their characters. Measured in workerd
 * over 100,000 of each (230, 37 and 32), and rounded up. A text's characters take a byte each, or two where one of them is beyond Latin-1.
 */
const [bytesOfUtterance, bytesOfEntry, bytesAroundWords] = [250, 90, 36];
const beyondLatin1 = /[\u0100-\uffff]/;
const looksOfStep = 64;
const held = "=";
const noTurns: readonly Turn[] = [];

/** An utterance that stands, and the event which said so. In place of its words it has these behind a `=`, or that event's id. */
type Standing = Utterance & { readonly said_by: number; readonly held_bytes: number };

/** Of a track: as long as all of this is the same, its entries are. */
interface MadeOf {
  readonly utterances: number;
  /** The newest event of those that stand: none came since, and so none went but by being counted. */
  readonly newest: number;
  readonly turns: readonly Turn[];
  readonly view: Spoken["view"];
  readonly offset: number;
}

/** The words behind the text of an entry, where they are held. */
export function heldWords(text: string): string | undefined {
  return text.startsWith(held) ? text.slice(held.length) : undefined;
}

export class KnownWords implements LogFold {
  readonly kind = "said";
  readonly types: readonly EventType[] = ["utterance.added", "utterance.revised"];
  readonly #standing = new StandingUtterances<Standing>();
  readonly #maxBytes: number;
  readonly #entries = new Map<string, { readonly entries: readonly TranscriptEntry[]; readonly of: MadeOf }>();
  /** Of the words that are held, at least. */
  #heldBytes = 0;

  /** @param maxBytes of words that are held. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  take(events: readonly RoomEvent[]): void {
    for (const { type, event_id, utterance } of events) {
      if (!utterance) continue;
      const held_bytes = this.#hold(utterance.text);
      const text = held_bytes > 0 ? held + utterance.text : String(event_id);
      this.#standing.take({ type, utterance: { ...utterance, text, said_by: event_id, held_bytes } });
    }
  }

  /**
   * The transcript, with what each entry has in place of its words.
   * @param spoken of the same tracks. @param track undefined for all.
   */
  *entries(spoken: Spoken, offsets: Offsets, track: string | undefined): Steps<readonly TranscriptEntry[]> {
    // Words that were replaced leave their room to others.
    this.#heldBytes = 0;
    const marks = new Map<string, { utterances: number; newest: number }>();
    let looked = 0;
    for (const { track: own, said_by, held_bytes } of this.#standing.values()) {
      this.#heldBytes += held_bytes;
      const mark = marks.get(own);
      if (mark) {
        mark.utterances += 1;
        mark.newest = Math.max(mark.newest, said_by);
      } else marks.set(own, { utterances: 1, newest: said_by });
      // A look costs far less than the turn that a step gives others.
      if ((looked += 1) % looksOfStep === 0) yield;
    }
    const transcripts: (readonly TranscriptEntry[])[] = [];
    for (const [own, mark] of marks) {
      if (track !== undefined && own !== track) continue;
      const turns = spoken.turnsByTrack.get(own) ?? noTurns;
      const of = { ...mark, turns, view: spoken.view, offset: offsets.get(own) ?? 0 };
      transcripts.push(yield* this.#entriesOf(own, of));
    }
    return yield* mergeTranscripts(transcripts);
  }

  get bytes(): number {
    let entries = 0;
    for (const own of this.#entries.values()) entries += own.entries.length;
    return this.#standing.size * bytesOfUtterance + this.#heldBytes + entries * bytesOfEntry;
  }

  *#entriesOf(track: string, of: MadeOf): Steps<readonly TranscriptEntry[]> {
    const known = this.#entries.get(track);
    if (known && isSame(known.of, of)) return known.entries;
    const own: Standing[] = [];
    let looked = 0;
    for (const utterance of this.#standing.values()) {
      if (utterance.track === track) own.push(utterance);
      if ((looked += 1) % looksOfStep === 0) yield;
    }
    const offsets = new Map([[track, of.offset]]);
    const entries = yield* transcriptSteps(own, of.turns, offsets, namedByPeople(of.view));
    this.#entries.set(track, { entries, of });
    return entries;
  }

  /** @returns how many bytes the words take; 0 where there is no room for them. */
  #hold(words: string): number {
    const bytes = bytesAroundWords + words.length * (beyondLatin1.test(words) ? 2 : 1);
    if (this.#heldBytes + bytes > this.#maxBytes) return 0;
    this.#heldBytes += bytes;
    return bytes;
  }
}

function isSame(a: MadeOf, b: MadeOf): boolean {
  return (
    a.utterances === b.utterances &&
    a.newest === b.newest &&
    a.turns === b.turns &&
    a.view === b.view &&
    a.offset === b.offset
  );
}
