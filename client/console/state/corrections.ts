/** What a person says of the speakers on this page: each said to the gateway, shown at once, and told when it was not taken. */
import type { ResultsClient } from "../../index.ts";
import { gateway, withAccess } from "../api/gateway.ts";
import { plainWords } from "../api/plain-words.ts";
import type { Meeting } from "./meeting.ts";
import { notify } from "./notices.ts";

type Said = Awaited<ReturnType<ResultsClient["bindSpeaker"]>>;

export class Corrections {
  readonly #meeting: Meeting;

  constructor(meeting: Meeting) {
    this.#meeting = meeting;
  }

  /** @returns whether it was taken, as all of these do. */
  name(clusterId: string, name: string): Promise<boolean> {
    return this.#sayOne("The name was not taken.", (id) => gateway.bindSpeaker(id, clusterId, name));
  }

  unname(clusterId: string): Promise<boolean> {
    return this.#sayOne("The name is still there.", (id) => gateway.unbindSpeaker(id, clusterId));
  }

  merge(clusterId: string, into: string): Promise<boolean> {
    return this.#sayOne("They are still two.", (id) => gateway.mergeSpeakers(id, clusterId, into));
  }

  /** Gives turns to another speaker; to a new one where that is undefined. */
  async move(turnIds: readonly number[], to: string | undefined): Promise<boolean> {
    const [first, ...others] = turnIds;
    if (first === undefined) return false;
    let target = to;
    const moved = await this.#say("The turn stays where it was.", async (id) => {
      const answer = await gateway.judgeTurn(id, first, { cluster_id: to ?? null });
      // What a new speaker is called only the answer says: the rest of the turn goes there too.
      target ??= answer.events.find(({ type }) => type === "speaker.reassigned")?.cluster_id;
      return answer;
    });
    if (!moved || target === undefined) return moved !== undefined;
    const rest = { cluster_id: target };
    const all = await Promise.all(
      others.map((turnId) =>
        this.#say("A part of the turn stays where it was.", (id) => gateway.judgeTurn(id, turnId, rest)),
      ),
    );
    this.#offerUndo([...moved, ...all.flatMap((ids) => ids ?? [])]);
    return all.every((ids) => ids !== undefined);
  }

  /** Takes back what events say, the last one first. */
  async undo(eventIds: readonly number[]): Promise<boolean> {
    const added: number[] = [];
    for (const eventId of eventIds.toReversed()) {
      const ids = await this.#say("It stays as it is.", (id) => gateway.undo(id, eventId));
      if (!ids) return false;
      added.push(...ids);
    }
    const redo = { label: "Redo", run: () => void this.undo(added) };
    notify("done", "It is as it was before.", added.length === 0 ? undefined : redo);
    return true;
  }

  judge(turnId: number, suggestion: "confirmed" | "refused"): Promise<boolean> {
    return this.#sayOne("The answer was not taken.", (id) => gateway.judgeTurn(id, turnId, { suggestion }));
  }

  async #sayOne(failed: string, call: (sessionId: string) => Promise<Said>): Promise<boolean> {
    const ids = await this.#say(failed, call);
    this.#offerUndo(ids ?? []);
    return ids !== undefined;
  }

  #offerUndo(eventIds: readonly number[]): void {
    if (eventIds.length === 0) return;
    notify("done", "Everybody sees it now.", { label: "Undo", run: () => void this.undo(eventIds) });
  }

  /** @returns the events that it added; undefined where it was not taken. */
  async #say(failed: string, call: (sessionId: string) => Promise<Said>): Promise<number[] | undefined> {
    try {
      const { events } = await withAccess(() => call(this.#meeting.sessionId));
      await this.#meeting.catchUp();
      return events.map(({ event_id }) => event_id);
    } catch (cause) {
      notify("problem", `${failed} ${plainWords(cause)}`);
      return undefined;
    }
  }
}
