/** What a gateway's rooms say of themselves while they are measured. */
import { until } from "../../client/testkit/until.ts";
import { fetchState } from "../smoke/gateway-http.ts";

const archiveTimeoutMs = 600_000;

/** Chunks of a session that are kept and not in R2 yet, over all its tracks. */
export async function pendingOf(url: string, session: string): Promise<number> {
  const { ingest_by_track: tracks } = await fetchState({ baseHttp: new URL(`${url}/`), sessionId: session });
  return Object.values(tracks).reduce((sum, { last_seq, archived_seq }) => sum + last_seq - archived_seq, 0);
}

/** Until R2 has all that the sessions hold. */
export async function archived(url: string, sessions: readonly string[]): Promise<void> {
  for (const session of sessions)
    await until(async () => ((await pendingOf(url, session)) === 0 ? true : undefined), {
      what: `all of ${session} to be in R2`,
      timeoutMs: archiveTimeoutMs,
    });
}
