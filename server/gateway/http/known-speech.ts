/**
 * Who spoke when in a meeting, as far as its log was read, with the names, merges and corrections of its speakers. The turns of a track are
 * put together again only where its own speech went on, or where a speaker of the meeting was named, merged or corrected.
 */
import type { Turn } from "../../../schemas/http/result.ts";
import type { Steps } from "../../../schemas/lib/steps.ts";
import type { EventType, RoomEvent } from "../../../schemas/speech/events.ts";
import { type SpeakerView, viewEventTypes, viewOf } from "../../../schemas/speech/speaker-view.ts";
import type { SpokenEvent } from "../../../schemas/speech/stretches.ts";
import { turnSteps } from "../../../schemas/speech/timeline.ts";
import type { LogFold } from "./log-folds.ts";

/**
 * Bytes of memory: of an event that says who spoke, of a turn, and of any other event. Measured in workerd over 100,000 of each (85, 82, and 165
 * to 185, which a long name or sentence makes more), and rounded up.
 */
const [bytesOfSpoken, bytesOfTurn, bytesOfOther] = [90, 90, 300];

/** Who spoke when, of some tracks. */
export interface Spoken {
  readonly view: SpeakerView;
  /** In the order of their names. The same list as long as nothing of the track changed. */
  readonly turnsByTrack: ReadonlyMap<string, readonly Turn[]>;
}

export class KnownSpeech implements LogFold {
  readonly kind = "speech";
  readonly types: readonly EventType[] = ["speaker.resolved", ...viewEventTypes];
  /** What was said of speakers: of all tracks. */
  readonly #others: RoomEvent[] = [];
  readonly #spoken = new Map<string, SpokenEvent[]>();
  /** Of tracks and clusters. */
  readonly #names = new Map<string, string>();
  /** The view as of so many of the others. */
  #view: { readonly view: SpeakerView; readonly others: number } | undefined;
  /** By track: its turns as of so many of its events, by a view. */
  readonly #turns = new Map<
    string,
    { readonly turns: readonly Turn[]; readonly events: number; readonly view: SpeakerView }
  >();

  take(events: readonly RoomEvent[]): void {
    for (const { evidence: _, ...event } of events) {
      if (event.type === "speaker.resolved") this.#takeSpoken(event);
      else this.#others.push(event);
    }
  }

  /** @param track undefined for all. */
  *spoken(track: string | undefined): Steps<Spoken> {
    const view = this.#viewNow();
    const turnsByTrack = new Map<string, readonly Turn[]>();
    const tracks = track === undefined ? [...this.#spoken.keys()].sort() : [track];
    for (const name of tracks) turnsByTrack.set(name, yield* this.#turnsOf(name, view));
    return { view, turnsByTrack };
  }

  get bytes(): number {
    let bytes = this.#others.length * bytesOfOther;
    for (const events of this.#spoken.values()) bytes += events.length * bytesOfSpoken;
    for (const { turns } of this.#turns.values()) bytes += turns.length * bytesOfTurn;
    return bytes;
  }

  #takeSpoken(event: RoomEvent): void {
    const { event_id, type, from_seq, to_seq, start_ms, end_ms, replaces } = event;
    const track = this.#one(event.track ?? "");
    const cluster_id = event.cluster_id === undefined ? undefined : this.#one(event.cluster_id);
    const spoken = { event_id, type, track, cluster_id, from_seq, to_seq, start_ms, end_ms, replaces };
    const known = this.#spoken.get(track);
    if (known) known.push(spoken);
    else this.#spoken.set(track, [spoken]);
  }

  /** The same name once: what is read of a log has a copy of it for each event, which takes more than the event. */
  #one(name: string): string {
    const known = this.#names.get(name);
    if (known === undefined) this.#names.set(name, name);
    return known ?? name;
  }

  #viewNow(): SpeakerView {
    const others = this.#others.length;
    if (this.#view?.others !== others) this.#view = { view: viewOf(this.#others), others };
    return this.#view.view;
  }

  *#turnsOf(track: string, view: SpeakerView): Steps<readonly Turn[]> {
    const events = this.#spoken.get(track) ?? [];
    const known = this.#turns.get(track);
    if (known?.events === events.length && known.view === view) return known.turns;
    const turns = yield* turnSteps(events, view);
    this.#turns.set(track, { turns, events: events.length, view });
    return turns;
  }
}
