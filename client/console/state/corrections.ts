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
    return this.#say("The name was not taken.", (id) => gateway.bindSpeaker(id, clusterId, name));
  }

  unname(clusterId: string): Promise<boolean> {
    return this.#say("The name is still there.", (id) => gateway.unbindSpeaker(id, clusterId));
  }

  merge(clusterId: string, into: string): Promise<boolean> {
    return this.#say("They are still two.", (id) => gateway.mergeSpeakers(id, clusterId, into));
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
    if (!moved || target === undefined) return moved;
    const rest = { cluster_id: target };
    const all = await Promise.all(
      others.map((turnId) =>
        this.#say("A part of the turn stays where it was.", (id) => gateway.judgeTurn(id, turnId, rest)),
      ),
    );
    return all.every(Boolean);
  }

  judge(turnId: number, suggestion: "confirmed" | "refused"): Promise<boolean> {
    return this.#say("The answer was not taken.", (id) => gateway.judgeTurn(id, turnId, { suggestion }));
  }

  async #say(failed: string, call: (sessionId: string) => Promise<Said>): Promise<boolean> {
    try {
      await withAccess(() => call(this.#meeting.sessionId));
      await this.#meeting.catchUp();
      return true;
    } catch (cause) {
      notify("problem", `${failed} ${plainWords(cause)}`);
      return false;
    }
  }
}
