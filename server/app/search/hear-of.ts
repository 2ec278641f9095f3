/** What a tenant's index hears of a meeting: that there is something to read, or that nothing of it may stay. */
import type { FeedMessage } from "../../../schemas/meeting-feed.ts";
import type { Env } from "../env.ts";

/** News after which a meeting's words, or whose they are, may be others. */
const wordy: ReadonlySet<FeedMessage["type"]> = new Set([
  "utterances.changed",
  "speakers.changed",
  "resolve.called",
  "session.finalized",
  "result.revised",
]);

export async function tellIndex(
  env: Pick<Env, "MEETING_INDEX">,
  tenant: string,
  sessionId: string,
  messages: readonly FeedMessage[],
): Promise<void> {
  const index = env.MEETING_INDEX.getByName(tenant);
  if (messages.some(({ type }) => type === "session.deleted")) await index.forget(sessionId);
  else if (messages.some(({ type }) => wordy.has(type))) await index.heard(sessionId);
}
