/**
 * The session's speakers: what the service keeps between its calls (rows), and who they are (the event log). The
 * names are folded from the log at every wake and never stored beside it, so the two can't disagree.
 */
import type { EventBody } from "../../../schemas/speech/events.ts";
import {
  applyToView,
  clusterOf,
  type SpeakerView,
  viewEventTypes,
  viewOf,
} from "../../../schemas/speech/speaker-view.ts";
import type { Cluster, ResolveAnswer, Roster, SpeakerState } from "../../../schemas/speech/speakers.ts";
import { cached, type Cached } from "../../shared/lib/cached.ts";
import type { Database } from "../../shared/lib/sql.ts";
import type { EventLog } from "../events/event-log.ts";
import { absorbAnswer, type Place } from "./absorb-answer.ts";
import { joinMerged } from "./merge-cluster.ts";
import { SpeakerStore } from "./speaker-store.ts";

export class SpeakerBook {
  readonly #store: SpeakerStore;
  readonly #events: EventLog;
  readonly #view: Cached<SpeakerView>;

  constructor(db: Database, events: EventLog) {
    this.#store = new SpeakerStore(db);
    this.#events = events;
    this.#view = cached(db, () => viewOf(events.ofTypes(viewEventTypes)));
  }

  /** Read only: it changes through `note` and `absorb`. */
  get view(): SpeakerView {
    return this.#view.get();
  }

  /** The state as it is shown. A cluster that a person made by splitting off a turn has no centroid. */
  state(): SpeakerState {
    const clusters = this.#store.clusters();
    const known = new Set(clusters.map(({ cluster_id }) => cluster_id));
    const assigned = [...this.view.reassigned.values()].map(({ cluster_id }) => clusterOf(this.view, cluster_id));
    const made = [...new Set(assigned)]
      .filter((id) => !known.has(id))
      .map((cluster_id): Cluster => ({ cluster_id, centroid: [], sample_count: 0 }));
    return this.#compose([...clusters, ...made], this.#store.roster());
  }

  /** Names of people: those that speakers bear, then others of the roster. */
  people(): string[] {
    const bound = [...this.view.bindings.values()].map(({ name }) => name);
    const invited = (this.#store.roster() ?? []).map(({ name }) => name);
    return [...new Set([...bound, ...invited])];
  }

  /** The state as the service gets it: only clusters that it can compare with. */
  stateForService(roster: Roster | undefined): SpeakerState {
    return this.#compose(this.#store.clusters(), roster ?? this.#store.roster());
  }

  /** Whether there is such a cluster now: not one that was merged away. */
  has(clusterId: string): boolean {
    return this.state().clusters.some(({ cluster_id }) => cluster_id === clusterId);
  }

  setRoster(roster: Roster): void {
    this.#store.saveRoster(roster);
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

  #compose(clusters: readonly Cluster[], roster: Roster | undefined): SpeakerState {
    const { bindings } = this.view;
    return {
      clusters: clusters.map(({ cluster_id, centroid, sample_count }) => {
        const bound_name = bindings.get(cluster_id)?.name;
        return { cluster_id, centroid, sample_count, ...(bound_name === undefined ? {} : { bound_name }) };
      }),
      bindings: Object.fromEntries([...bindings].map(([id, { name }]) => [id, name])),
      ...(roster ? { roster } : {}),
      config: this.#store.config(),
    };
  }
}
