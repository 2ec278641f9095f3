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
import { ExpectedNames } from "../../shared/diarizer/names.ts";
import { absorbAnswer, type Place } from "./absorb-answer.ts";
import { joinMerged, mergeKnown } from "./merge-cluster.ts";
import { type KeptMerge, MergeStore } from "./merge-store.ts";
import { partClusters } from "./part-clusters.ts";
import { stateOf, type StoredSpeakers, withNames } from "./speaker-state.ts";
import type { ReviewPlan } from "./review/plan-review.ts";
import { SpeakerStore } from "./speaker-store.ts";

/** Two clusters that become one, and by which event. */
interface Joint extends Pick<KeptMerge, "event_id" | "joined_by"> {
  readonly from: string;
  readonly into: string;
}

export class SpeakerBook {
  readonly #store: SpeakerStore;
  readonly #merges: MergeStore;
  readonly #events: EventLog;
  readonly #view: Cached<SpeakerView>;
  readonly #expected: Cached<ExpectedNames>;

  constructor(db: Database, events: EventLog) {
    this.#store = new SpeakerStore(db);
    this.#merges = new MergeStore(db);
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
    const event_id = this.#events.count + 1;
    this.#events.append(event);
    if (event.type === "speaker.undone" && event.undoes !== undefined) return this.#takeBack(event.undoes, event_id);
    applyToView(view, event);
    if (event.type !== "speaker.merged") return;
    const { cluster_id: from, into_cluster_id: into } = event;
    if (from !== undefined && into !== undefined) this.#join({ event_id, joined_by: event_id, from, into });
  }

  /** Keeps what an answer says. Call inside the transaction that belongs to it, as with `note`. */
  absorb(answer: ResolveAnswer, sent: SpeakerState, place: Place | undefined): void {
    const current = this.#store.clusters();
    const { clusters, events } = absorbAnswer({ answer, sent, current, view: this.view, place });
    const before = this.#events.count;
    for (const event of events) this.#events.append(event);
    const rows = byId(current);
    for (const [i, { type, cluster_id: from, into_cluster_id: into }] of events.entries()) {
      if (type !== "speaker.merged" || from === undefined || into === undefined) continue;
      this.#keepMerged(rows, { event_id: before + 1 + i, joined_by: before + 1 + i, from, into });
    }
    this.#store.saveClusters(clusters);
    this.#store.saveConfig(answer.updated_state.config);
  }

  /** Keeps what a second look at a track says. Call inside the transaction that belongs to it. */
  revise({ events, made }: Pick<ReviewPlan, "events" | "made">): void {
    for (const event of events) this.#events.append(event);
    if (made.length > 0) this.#store.saveClusters([...this.#store.clusters(), ...made]);
  }

  /** An event does not hold any more; where that is an undo itself, what it took back does, or does not, by turns. */
  #takeBack(undone: number, by: number): void {
    const before = this.view;
    this.#view.forget();
    let decision = this.#events.find(undone);
    while (decision?.undoes !== undefined) decision = this.#events.find(decision.undoes);
    if (decision?.type !== "speaker.merged") return;
    const { event_id, cluster_id: from = "", into_cluster_id: into = "" } = decision;
    if (!this.view.undone.has(event_id)) {
      const roots = { from: clusterOf(before, from), into: clusterOf(before, into) };
      return this.#join({ event_id, joined_by: by, ...roots });
    }
    const kept = this.#merges.takeBack(event_id, by);
    this.#store.saveClusters(partClusters(this.#store.clusters(), event_id, kept, this.view));
  }

  /** What the service knows of merged clusters becomes one. */
  #join(joint: Joint): void {
    const clusters = this.#store.clusters();
    this.#keepMerged(byId(clusters), joint);
    this.#store.saveClusters(joinMerged(clusters, this.view));
  }

  /** Keeps what two clusters were before they became one. @param rows follows. */
  #keepMerged(rows: Map<string, Cluster>, { event_id, joined_by, from: from_id, into: into_id }: Joint): void {
    if (from_id === into_id) return;
    const [from, into] = [rows.get(from_id), rows.get(into_id)];
    this.#merges.save({ event_id, joined_by, from_id, into_id, from, into, undone_by: null });
    const joined = mergeKnown(into, from, into_id);
    rows.delete(from_id);
    if (joined) rows.set(into_id, joined);
  }
}

function byId(clusters: readonly Cluster[]): Map<string, Cluster> {
  return new Map(clusters.map((cluster) => [cluster.cluster_id, cluster]));
}
