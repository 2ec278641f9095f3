/**
 * What people say of the speakers, and of where a track begins. Each decision is an event `by: "person"`, and outlives anything inference says
 * later; saying the same twice adds nothing.
 */
import type { TurnBody } from "../../../schemas/http/corrections.ts";
import type { EventBody, EventType, RoomEvent } from "../../../schemas/speech/events.ts";
import { limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import {
  bindingOf,
  clusterOf,
  clusterOfTurn,
  isPlacedByPerson,
  isRefused,
  isUndoable,
} from "../../../schemas/speech/speaker-view.ts";
import type { EventLog } from "../events/event-log.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { undoneIn } from "../../../schemas/speech/undone.ts";
import type { Tracks } from "../tracks/tracks.ts";
import type { SpeakerBook } from "./speaker-book.ts";
import type { WindowStore } from "./window-store.ts";

/** Why a correction can't be taken. */
export type CorrectionRefusal =
  | "cluster_not_found"
  | "turn_not_found"
  | "track_not_found"
  | "same_cluster"
  | "too_many_clusters"
  | "log_full"
  | "no_name_suggested"
  | "event_not_found"
  | "not_undoable";
type Correction = Result<RoomEvent[], CorrectionRefusal>;

export interface CorrectionDeps {
  readonly db: Database;
  readonly speakers: SpeakerBook;
  readonly events: EventLog;
  readonly tracks: Pick<Tracks, "row" | "origins">;
  readonly windows: Pick<WindowStore, "hear" | "unhear">;
  readonly onCommit: () => void;
}

export class Corrections {
  readonly #deps: CorrectionDeps;

  constructor(deps: CorrectionDeps) {
    this.#deps = deps;
  }

  /** Gives a cluster a name. One that was merged stands for what it went into. */
  bind(clusterId: string, name: string): Correction {
    return this.#onCluster(clusterId, (cluster_id) => this.#bind(cluster_id, name));
  }

  /** Takes a cluster's name away: inference won't give it that one again. */
  unbind(clusterId: string): Correction {
    return this.#onCluster(clusterId, (cluster_id) => {
      const binding = bindingOf(this.#deps.speakers.view, cluster_id);
      return binding ? this.#commit(unbound(cluster_id, binding.name)) : ok([]);
    });
  }

  /** Makes a cluster part of another. */
  merge(clusterId: string, intoId: string): Correction {
    return this.#onCluster(clusterId, (cluster_id) =>
      this.#onCluster(intoId, (into_cluster_id) => {
        if (cluster_id === into_cluster_id) {
          return err("same_cluster");
        }
        return this.#commit({ type: "speaker.merged", cluster_id, into_cluster_id, by: "person" });
      }),
    );
  }

  /** Says where a track begins, ms since 1970; null for what the room makes of it by itself. */
  setOrigin(track: string, origin_ms: number | null): Correction {
    const { tracks } = this.#deps;
    if (!tracks.row(track)) return err("track_not_found");
    const now = tracks.origins.of(track);
    const isSaid =
      origin_ms === null ? now.origin_source !== "set" : now.origin_source === "set" && now.origin_ms === origin_ms;
    return isSaid ? ok([]) : this.#commit({ type: "track.origin", track, origin_ms, by: "person" });
  }

  /** Gives a turn to another cluster, or judges the name that was suggested for its own. */
  judgeTurn(turnId: number, body: TurnBody): Correction {
    const turn = this.#deps.events.find(turnId);
    if (turn?.type !== "speaker.resolved") {
      return err("turn_not_found");
    }
    return "suggestion" in body ? this.#judgeName(turn, body.suggestion) : this.#reassign(turn, body.cluster_id);
  }

  /** Takes back what an event says: a correction, an undo, a name or a merge by inference (S7), or a second look (R20). */
  undo(eventId: number): Correction {
    const { events, speakers } = this.#deps;
    const event = events.find(eventId);
    if (!event) return err("event_not_found");
    if (event.type === "track.origin") return this.#undoOrigin(event);
    if (!isUndoable(event)) return err("not_undoable");
    if (speakers.view.undone.has(eventId)) return ok([]);
    const decision = this.#decisionOf(event);
    const isFull = speakers.state().clusters.length >= limits.maxClusters;
    if (isFull && bringsBack.has(decision.type)) return err("too_many_clusters");
    return this.#commit({ type: "speaker.undone", undoes: eventId, by: "person" }, () => {
      if (decision.type === "resolve.reviewed" && decision.track !== undefined) this.#heardOrNot(decision.track);
    });
  }

  /** What an undo is about in the end. */
  #decisionOf(event: RoomEvent): RoomEvent {
    let decision = event;
    for (let undoes = event.undoes; undoes !== undefined; undoes = decision.undoes) {
      const before = this.#deps.events.find(undoes);
      if (!before) break;
      decision = before;
    }
    return decision;
  }

  /** Whether windows that failed count as heard: as long as a second look at the track holds. */
  #heardOrNot(track: string): void {
    const { events, speakers, windows } = this.#deps;
    const holds = ({ track: own, event_id }: RoomEvent): boolean =>
      own === track && !speakers.view.undone.has(event_id);
    if (events.ofTypes(["resolve.reviewed"]).some(holds)) windows.hear(track);
    else windows.unhear(track);
  }

  /** The track begins where what was said before it says so, if anything was. */
  #undoOrigin({ event_id: undoes, track }: RoomEvent): Correction {
    const { events } = this.#deps;
    const said = events.ofTypes(["track.origin"]).filter((event) => event.track === track);
    if (undoneIn(said).has(undoes)) return ok([]);
    const undone = undoneIn([...said, { event_id: events.count + 1, undoes }]);
    const last = said.findLast((event) => event.undoes === undefined && !undone.has(event.event_id));
    return this.#commit({ type: "track.origin", track, origin_ms: last?.origin_ms ?? null, undoes, by: "person" });
  }

  #reassign(turn: RoomEvent, to: string | null): Correction {
    if (to !== null) return this.#onCluster(to, (cluster_id) => this.#place(turn, cluster_id));
    const fresh = this.#freshId();
    if (fresh === undefined) {
      return err("too_many_clusters");
    }
    return this.#place(turn, fresh);
  }

  /** Also where the turn is there already: that a person says so makes it stay. */
  #place(turn: RoomEvent, cluster_id: string): Correction {
    const { view } = this.#deps.speakers;
    const { event_id: turn_id } = turn;
    if (isPlacedByPerson(view, turn_id) && clusterOfTurn(view, turn) === cluster_id) return ok([]);
    return this.#commit({ type: "speaker.reassigned", turn_id, cluster_id, by: "person" });
  }

  #judgeName(turn: RoomEvent, judgement: string): Correction {
    const { event_id: turn_id, speaker_name } = turn;
    if (speaker_name == null) return err("no_name_suggested");
    return this.#onCluster(clusterOfTurn(this.#deps.speakers.view, turn), (id) => {
      if (judgement === "confirmed") return this.#bind(id, speaker_name, turn_id);
      const isSaid = isRefused(this.#deps.speakers.view, id, speaker_name);
      return isSaid ? ok([]) : this.#commit({ ...unbound(id, speaker_name), turn_id });
    });
  }

  #bind(cluster_id: string, speaker_name: string, turn_id?: number): Correction {
    const binding = bindingOf(this.#deps.speakers.view, cluster_id);
    if (binding?.by === "person" && binding.name === speaker_name) return ok([]);
    const turn = turn_id === undefined ? {} : { turn_id };
    return this.#commit({ type: "speaker.bound", cluster_id, speaker_name, ...turn, by: "person" });
  }

  #onCluster(clusterId: string, step: (id: string) => Correction): Correction {
    const { speakers } = this.#deps;
    const id = clusterOf(speakers.view, clusterId);
    return speakers.has(id) ? step(id) : err("cluster_not_found");
  }

  #freshId(): string | undefined {
    const { speakers } = this.#deps;
    const { clusters } = speakers.state();
    if (clusters.length >= limits.maxClusters) return undefined;
    const { merged, bindings, reserved } = speakers.view;
    const shown = clusters.map(({ cluster_id }) => cluster_id);
    const used = new Set([...shown, ...merged.keys(), ...bindings.keys(), ...reserved]);
    let n = 1;
    while (used.has(`p${n}`)) n += 1;
    return `p${n}`;
  }

  /** @param then more of the same step. */
  #commit(event: EventBody, then: () => void = () => {}): Correction {
    const { db, speakers, events, onCommit } = this.#deps;
    if (events.isFull) return err("log_full");
    const before = events.count;
    db.transaction(() => {
      speakers.note(event);
      then();
      onCommit();
    });
    return ok(events.page(before, 1));
  }
}

/** Decisions of which the undo, or its undo, can bring a cluster back. */
const bringsBack: ReadonlySet<EventType> = new Set(["speaker.merged", "speaker.reassigned"]);

function unbound(cluster_id: string, speaker_name: string): EventBody {
  return { type: "speaker.unbound", cluster_id, speaker_name, by: "person" };
}
