/**
 * The session's speakers: what the service keeps between its calls (rows), and who they are (the event log). The
 * names are folded from the log at every wake and never stored beside it, so the two can't disagree.
 */
import type { EventBody } from "../../../schemas/speech/events.ts";
import { applyToView, type SpeakerView, viewEventTypes, viewOf } from "../../../schemas/speech/speaker-view.ts";
import type { ResolveAnswer, Roster, SpeakerState } from "../../../schemas/speech/speakers.ts";
import { cached, type Cached } from "../../shared/lib/cached.ts";
import type { Database } from "../../shared/lib/sql.ts";
import type { EventLog } from "../events/event-log.ts";
import { ExpectedNames } from "../../shared/diarizer/names.ts";
import { absorbAnswer, type Place } from "./absorb-answer.ts";
import { joinMerged } from "./merge-cluster.ts";
import { stateOf, type StoredSpeakers, withNames } from "./speaker-state.ts";
import { SpeakerStore } from "./speaker-store.ts";

export class SpeakerBook {
  readonly #store: SpeakerStore;
  readonly #events: EventLog;
  readonly #view: Cached<SpeakerView>;
  readonly #expected: Cached<ExpectedNames>;

  constructor(db: Database, events: EventLog) {
    this.#store = new SpeakerStore(db);
    this.#events = events;
    this.#view = cached(db, () => viewOf(events.ofTypes(viewEventTypes)));
    this.#expected = cached(db, () => new ExpectedNames((this.#store.roster() ?? []).map(({ name }) => name)));
  }

  /** Read only: it changes through `note` and `absorb`. */
  get view(): SpeakerView {
    return this.#view.get();
  }

  /** The roster's names, as captions are searched for them. */
  get expected(): ExpectedNames {
    return this.#expected.get();
  }

  /** What is stored beside the log. */
  stored(): StoredSpeakers {
    return { clusters: this.#store.clusters(), config: this.#store.config(), roster: this.#store.roster() };
  }

  /** The state as it is shown. */
  state(): SpeakerState {
    return stateOf(this.stored(), this.view);
  }

  /** Names of people: those that speakers bear, then others of the roster. */
  people(): string[] {
    const bound = [...this.view.bindings.values()].map(({ name }) => name);
    const invited = (this.#store.roster() ?? []).map(({ name }) => name);
    return [...new Set([...bound, ...invited])];
  }

  /** The state as the service gets it: only clusters that it can compare with. */
  stateForService(roster: Roster | undefined): SpeakerState {
    const stored = this.stored();
    return withNames({ ...stored, roster: roster ?? stored.roster }, this.view);
  }

  /** Whether there is such a cluster now: not one that was merged away. */
  has(clusterId: string): boolean {
    return this.state().clusters.some(({ cluster_id }) => cluster_id === clusterId);
  }

  setRoster(roster: Roster): void {
    this.#store.saveRoster(roster);
    this.#expected.forget();
  }

  /** Logs a decision and follows it. Call inside the transaction that belongs to it: the view follows if that is undone. */
  note(event: EventBody): void {
    // Read before the append, which it would count otherwise.
    const { view } = this;
    this.#events.append(event);
    applyToView(view, event);
    // What the service knows of merged clusters becomes one.
    if (event.type === "speaker.merged") this.#store.saveClusters(joinMerged(this.#store.clusters(), view));
  }

  /** Keeps what an answer says. Call inside the transaction that belongs to it, as with `note`. */
  absorb(answer: ResolveAnswer, sent: SpeakerState, place: Place | undefined): void {
    const { clusters, events } = absorbAnswer({
      answer,
      sent,
      current: this.#store.clusters(),
      view: this.view,
      place,
    });
    this.#store.saveClusters(clusters);
    this.#store.saveConfig(answer.updated_state.config);
    for (const event of events) this.#events.append(event);
  }
}
