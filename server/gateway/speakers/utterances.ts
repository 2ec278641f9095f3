/**
 * Utterances as the session gets them: kept, logged, and searched for introductions. A name
 * that comes after its audio was resolved still reaches the speakers. Captions may come at any time, after finalize too: then they
 * are in the next version of the result.
 */
import type { PostedUtterance, Utterance, UtteranceOutcome } from "../../../schemas/speech/utterances.ts";
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

  #add(posted: PostedUtterance): UtteranceOutcome {
    const { store, events, speakers, onCommit } = this.#deps;
    const kept = store.put(posted, () => events.isFull);
    if (kept.status === "full") return logFull(posted);
    const { status, utterance } = kept;
    const { utterance_id, track, revision } = utterance;
    if (status === "conflict") return conflictOf(utterance);
    if (status !== "unchanged") {
      events.append({ type: `utterance.${status}`, track, utterance, by: "room" });
      onCommit();
      const binding = bindingFrom(this.#deps, utterance);
      if (binding) speakers.note(binding);
    }
    return { utterance_id, status, revision };
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
