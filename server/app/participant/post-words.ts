/** What both sides said, kept by the room as utterances: at least once, each under an id of its own, so that it stands there once. */
import { beginningOf } from "../../../schemas/cut-text.ts";
import { limits } from "../../../schemas/limits.ts";
import type { PostedUtterance } from "../../../schemas/speech/utterances.ts";
import { describeError, logFor } from "../../shared/telemetry/log.ts";
import type { GatewayBinding } from "../gateway-binding.ts";
import type { ParticipantStore } from "./participant-store.ts";
import type { SpokenUtterance } from "./turns/turn-types.ts";

const postAtOnce = 50;
const subject = "app:participant";

/** What the room does not take now stays for the next call. */
export async function postWords(gateway: GatewayBinding, store: ParticipantStore): Promise<void> {
  const { kept } = store;
  if (!kept) return;
  const session = { tenant: kept.tenant, session_id: kept.session_id };
  try {
    for (let some = store.unposted(postAtOnce); some.length > 0; some = store.unposted(postAtOnce)) {
      const taken = await gateway.utter(session, utterancesOf(some, kept), subject);
      // Of a room that takes no more, the conversation's own record is what is left.
      if (!taken.ok) logFor(session).warn("participant.words_refused", { reason: taken.error });
      store.markPosted(some.map(({ id }) => id));
    }
  } catch (cause) {
    logFor(session).warn("participant.words_wait", { error: describeError(cause) });
  }
}

/** @param of the conversation that it was said in: two of one session have ids of their own. */
function utterancesOf(
  said: readonly SpokenUtterance[],
  of: { readonly started_at: number; readonly track: string },
): PostedUtterance[] {
  return said.map(({ id, speaker, track, startMs, endMs, text }) => ({
    utterance_id: `participant-${of.started_at.toString(36)}-${id}`,
    track: track ?? of.track,
    start_ms: startMs,
    end_ms: Math.max(startMs, Math.min(endMs, startMs + limits.maxUtteranceMs)),
    text: beginningOf(text, limits.maxUtteranceChars),
    final: true,
    // Of people, speaker resolve and their names say who it was.
    ...(speaker === "AI" ? { speaker } : {}),
  }));
}
