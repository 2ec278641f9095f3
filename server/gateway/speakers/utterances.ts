/**
 * Utterances as the session gets them: kept, logged, and searched for introductions. A name
 * that comes after its audio was resolved still reaches the speakers. Captions may come at any time, after finalize too: then they
 * are in the next version of the result.
 */
import type { HeardStretch, PostedUtterance, Utterance, UtteranceOutcome } from "../../../schemas/speech/utterances.ts";
import type { UtteranceStore } from "./utterance-store.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { bindingFrom, type IntroductionSources } from "./introductions.ts";

export interface UtterancesDeps extends IntroductionSources {
  readonly db: Database;
  readonly store: UtteranceStore;
  /** Called inside the step that changed something. */
  readonly onCommit: () => void;
}

/** What became of each, in the order of the request. */
export interface AddedUtterances {
  readonly utterances: readonly UtteranceOutcome[];
}

export class Utterances {
  readonly #deps: UtterancesDeps;

  constructor(deps: UtterancesDeps) {
    this.#deps = deps;
  }

  /** Keeps utterances, with their events and the names they give away, in one step. */
  add(posted: readonly PostedUtterance[]): AddedUtterances {
    const { db } = this.#deps;
    return { utterances: db.transaction(() => posted.map((utterance) => this.#add(utterance))) };
  }

  /**
   * Keeps what a model heard in a stretch, in place of what a model heard there before: what is not heard again is withdrawn. What
   * nobody's model wrote stays as it is, and a segment that it covers by half or more is left out. The same again changes nothing.
   * What is partial comes after nothing that is final, and takes nothing back; without a segment it takes back what is partial alone.
   */
  hear({ track, from_ms, to_ms, model, segments, standing }: HeardStretch): AddedUtterances {
    const { db, store, events } = this.#deps;
    return {
      utterances: db.transaction(() => {
        const kept = store.within(track, from_ms, to_ms);
        const others = kept.filter((utterance) => utterance.model === undefined);
        const own = kept.filter((utterance) => utterance.model !== undefined && utterance.start_ms >= from_ms);
        const isPartial = standing === "partial";
        if (isPartial && segments.length === 0) {
          for (const utterance of own) if (utterance.final === false) this.#withdraw(utterance);
          return [];
        }
        if (isPartial && own.some(({ final }) => final === true)) return [];
        const heard = segments
          .filter((segment) => !isCovered(segment, others))
          .map((segment): PostedUtterance => {
            return { ...segment, track, utterance_id: `heard-${segment.start_ms}`, model, final: !isPartial };
          });
        if (isPartial)
          return heard.map((utterance) => (events.isHalfTaken ? logFull(utterance) : this.#add(utterance)));
        const ids = new Set(heard.map(({ utterance_id }) => utterance_id));
        for (const utterance of own) if (!ids.has(utterance.utterance_id)) this.#withdraw(utterance);
        return heard.map((utterance) => this.#hear(utterance, standing));
      }),
    };
  }

  /** A last word names who speaks also where the same was heard before it was known who that is. */
  #hear(posted: PostedUtterance, standing: HeardStretch["standing"]): UtteranceOutcome {
    if (standing === "early") return this.#add(posted, false);
    const outcome = this.#add(posted);
    const { utterance_id } = outcome;
    const isAsBefore = outcome.status === "unchanged" && utterance_id !== undefined;
    if (isAsBefore) this.#bind({ ...posted, utterance_id, revision: outcome.revision });
    return outcome;
  }

  #withdraw(utterance: Utterance): void {
    const { store, events, onCommit } = this.#deps;
    if (events.isFull) return;
    events.append({
      type: "utterance.revised",
      track: utterance.track,
      utterance: store.withdraw(utterance),
      by: "room",
    });
    onCommit();
  }

  #add(posted: PostedUtterance, mayBind = true): UtteranceOutcome {
    const { store, events, onCommit } = this.#deps;
    const kept = store.put(posted, () => events.isFull);
    if (kept.status === "full") return logFull(posted);
    const { status, utterance } = kept;
    const { utterance_id, track, revision } = utterance;
    if (status === "conflict") return conflictOf(utterance);
    if (status !== "unchanged") {
      events.append({ type: `utterance.${status}`, track, utterance, by: "room" });
      onCommit();
      if (mayBind) this.#bind(utterance);
    }
    return { utterance_id, status, revision };
  }

  /** Names from what came while its audio was away to be resolved. Call inside the commit. @param sent what went along with that audio. */
  nameWhatCame(track: string, fromMs: number, toMs: number, sent: string | undefined): void {
    const { store, events } = this.#deps;
    if (events.isFull || store.textBetween(track, fromMs, toMs) === sent) return;
    for (const utterance of store.within(track, fromMs, toMs)) if (utterance.model === undefined) this.#bind(utterance);
  }

  #bind(utterance: Utterance): void {
    const binding = bindingFrom(this.#deps, utterance);
    if (binding) this.#deps.speakers.note(binding);
  }
}

function conflictOf({ utterance_id, revision }: Utterance): UtteranceOutcome {
  const detail = `revision ${revision} of this utterance is kept with other words; a newer version has a higher revision.`;
  return { utterance_id, status: "refused", code: "revision_conflict", detail };
}

function logFull({ utterance_id }: PostedUtterance): UtteranceOutcome {
  const detail = "the session's event log holds no more utterances of yours; what was taken stays.";
  return { ...(utterance_id === undefined ? {} : { utterance_id }), status: "refused", code: "log_full", detail };
}

type Stretch = Pick<Utterance, "start_ms" | "end_ms">;

/** Whether others, by time, have half of a stretch or more. */
function isCovered({ start_ms, end_ms }: Stretch, others: readonly Stretch[]): boolean {
  let [covered, coveredTo] = [0, start_ms];
  for (const other of others) {
    const from = Math.max(coveredTo, other.start_ms);
    const to = Math.min(end_ms, other.end_ms);
    if (to <= from) continue;
    covered += to - from;
    coveredTo = to;
  }
  return covered > 0 && covered * 2 >= end_ms - start_ms;
}
