/** Transcript and talk times, from the event log alone. Pure, as `timeline.ts` is. */
import { mergeSteps, runNow, sortSteps, type Steps } from "../lib/steps.ts";
import type { RoomEvent } from "./events.ts";
import type { SpeakerSummary, TranscriptEntry, Turn } from "../http/result.ts";
import { compareTexts, noOffsets, type Offsets } from "./axis.ts";
import { mainTurn, speakersByTrack } from "./main-speaker.ts";
import { unionOf } from "./stretches.ts";
import { type SpeakerView, viewOf } from "./speaker-view.ts";
import type { Utterance } from "./utterances.ts";

/**
 * @param events the whole log. @param turns its timeline, as `timelineOf` gives it.
 * @param offsets where each track begins; without them, every entry has its track's own time.
 * @returns every utterance once, as last revised, by time.
 */
export function transcriptOf(
  events: readonly RoomEvent[],
  turns: readonly Turn[],
  offsets: Offsets = noOffsets,
  named: NamedByPeople = namedByPeople(viewOf(events)),
): TranscriptEntry[] {
  const said = new StandingUtterances();
  for (const event of events) said.take(event);
  return runNow(transcriptSteps(said.values(), turns, offsets, named));
}

/** Clusters that a person named, with their names: they go over what an utterance's source calls its speaker (E3). */
type NamedByPeople = ReadonlyMap<string, string>;

export function namedByPeople({ bindings }: SpeakerView): NamedByPeople {
  return new Map([...bindings].flatMap(([id, { name, by }]) => (by === "person" ? [[id, name] as const] : [])));
}

/** As `transcriptOf`. @param utterances as they stand, in any order. */
export function* transcriptSteps(
  utterances: Iterable<Utterance>,
  turns: readonly Turn[],
  offsets: Offsets,
  named: NamedByPeople = new Map(),
): Steps<TranscriptEntry[]> {
  const speakers = yield* speakersByTrack(turns);
  const entries: TranscriptEntry[] = [];
  for (const { utterance_id, track, start_ms, end_ms, text, speaker } of utterances) {
    yield;
    const own = speakers.get(track);
    const turn = own && (yield* mainTurn(own, start_ms, end_ms));
    const offset = offsets.get(track) ?? 0;
    entries.push({
      utterance_id,
      track,
      start_ms: start_ms + offset,
      end_ms: end_ms + offset,
      text,
      cluster_id: turn?.cluster_id ?? null,
      speaker_name: (turn && named.get(turn.cluster_id)) ?? speaker ?? turn?.speaker_name ?? null,
    });
  }
  return yield* sortSteps(entries, inOrder);
}

/** One transcript of several that are in order, as `transcriptSteps` gives them. */
export function mergeTranscripts(
  transcripts: readonly (readonly TranscriptEntry[])[],
): Steps<readonly TranscriptEntry[]> {
  return mergeSteps(transcripts, inOrder);
}

/** Every utterance as last revised, put together from a log that is read in order: an id is its track's own. */
export class StandingUtterances<U extends Utterance = Utterance> {
  readonly #latest = new Map<string, U>();
  readonly #placeOf = new Map<string, string>();

  /** @param event the next of the log; one that is about no utterance changes nothing. */
  take({ type, utterance }: Pick<RoomEvent, "type"> & { readonly utterance?: U | undefined }): void {
    // Another type is a later version's, and what it calls an utterance is its own.
    if (!utterance || (type !== "utterance.added" && type !== "utterance.revised")) return;
    const { utterance_id: id, track } = utterance;
    const place = `${track}/${id}`;
    // Until Nov 2026 an id was the session's, and a revision could move an utterance to another track.
    if (type === "utterance.revised" && !this.#latest.has(place)) this.#latest.delete(this.#placeOf.get(id) ?? place);
    if (utterance.withdrawn) this.#latest.delete(place);
    else this.#latest.set(place, utterance);
    this.#placeOf.set(id, place);
  }

  get size(): number {
    return this.#latest.size;
  }

  values(): Iterable<U> {
    return this.#latest.values();
  }
}

/** In order of time; what is equal there has an order all the same, so that a result comes out the same to the byte (F1). */
function inOrder(a: TranscriptEntry, b: TranscriptEntry): number {
  return (
    a.start_ms - b.start_ms ||
    a.end_ms - b.end_ms ||
    compareTexts(a.utterance_id, b.utterance_id) ||
    compareTexts(a.track, b.track)
  );
}

/**
 * What every speaker adds up to, most talkative first. @param turns on the meeting's axis: what two tracks have of one speaker
 * at the same moment counts once.
 */
export function speakersOf(turns: readonly Turn[]): SpeakerSummary[] {
  // Not `Map.groupBy`, which Node 20 lacks.
  const byCluster = new Map<string, Turn[]>();
  for (const turn of turns) {
    const own = byCluster.get(turn.cluster_id);
    if (own) own.push(turn);
    else byCluster.set(turn.cluster_id, [turn]);
  }
  return [...byCluster]
    .map(([cluster_id, own]) => ({
      cluster_id,
      speaker_name: own[0]?.speaker_name ?? null,
      talk_ms: unionOf(own).reduce((sum, { start_ms, end_ms }) => sum + end_ms - start_ms, 0),
      turns: own.length,
    }))
    .sort((a, b) => b.talk_ms - a.talk_ms || compareTexts(a.cluster_id, b.cluster_id));
}
