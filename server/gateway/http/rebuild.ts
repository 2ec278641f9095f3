/**
 * `POST /admin/sessions/rebuild`: walks R2 in the order of its keys, and has each session's room write its row of the list; a room
 * whose storage is lost is made of what R2 has (SPEC I9). A page at a time: an installation has more sessions than one request may
 * ask for.
 */
import type { Context } from "hono";
import { type RebuildAnswer, rebuildBodySchema, type RebuiltSession } from "../../../schemas/http/rebuild.ts";
import { limits } from "../../../schemas/limits.ts";
import { defaultTenant, sessionIdSchema, tenantSchema } from "../../../schemas/names.ts";
import { d1ListTimeoutMs, r2TimeoutMs } from "../../shared/config/timings.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import { SessionIndex } from "../lifecycle/session-list.ts";
import type { AppEnv } from "./app-env.ts";
import { bodyOf } from "./guards/parameters.ts";
import { problem } from "./problems.ts";
import { reachRoom, SessionDeletedError } from "./rooms.ts";

type Named = Pick<RebuiltSession, "tenant" | "session_id">;

const sessionKey = /^(?:tenants\/([^/]+)\/)?sessions\/([^/]+)\//;
/** What is no session's, as a whole: a tenant's other folders leave its sessions in place. */
const otherFolder = /^(?:tenants\/[^/]+\/[^/]+|(?!tenants\/)[^/]+)\//;
/** Of what is no session's in the bucket, so many other places are passed over in one request. */
const maxSteps = 4 * limits.maxRebuiltSessions;

export async function rebuildRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, rebuildBodySchema, limits.maxRebuildBodyBytes);
  if (!body.ok) return problem(c, body.error);
  if (c.var.principal.tenant !== defaultTenant) return problem(c, "not_the_operator");
  const { session, after } = body.value;
  try {
    const { found, next } = session ? { found: [session], next: null } : await walk(c.env.RESULT_BUCKET, after ?? "");
    const sessions: RebuiltSession[] = [];
    // One after the other: each may read a long meeting.
    for (const named of found) sessions.push(await rebuild(c, named));
    const answer: RebuildAnswer = { sessions, next, is_indexed: await index(c, sessions) };
    return c.json(answer, 200, { "cache-control": "no-store" });
  } catch (cause) {
    log.warn("rebuild.not_read", { error: describeError(cause) });
    return problem(c, "bucket_unavailable");
  }
}

/** The next sessions behind a place of the bucket. One look for each: what a session has in between is jumped over. */
async function walk(bucket: R2Bucket, after: string): Promise<{ found: Named[]; next: string | null }> {
  const found: Named[] = [];
  let place = after;
  for (let steps = 0; steps < maxSteps && found.length < limits.maxRebuiltSessions; steps += 1) {
    const asked = bucket.list({ limit: 1, ...(place === "" ? {} : { startAfter: place }) });
    const [object] = (await withTimeout(asked, r2TimeoutMs, "R2 list")).objects;
    if (!object) return { found, next: null };
    const [prefix, tenant = defaultTenant, id] = sessionKey.exec(object.key) ?? [];
    place = behind(prefix ?? otherFolder.exec(object.key)?.[0] ?? object.key);
    const named = { tenant: tenantSchema.safeParse(tenant), session: sessionIdSchema.safeParse(id) };
    if (named.tenant.success && named.session.success) {
      found.push({ tenant: named.tenant.data, session_id: named.session.data });
    }
  }
  return { found, next: place };
}

/** A place behind everything in a folder: `0` comes next after its slash. A key without a folder is its own place. */
function behind(folder: string): string {
  return folder.endsWith("/") ? `${folder.slice(0, -1)}0` : folder;
}

async function rebuild(c: Context<AppEnv>, { tenant, session_id }: Named): Promise<RebuiltSession> {
  try {
    const read = new SessionIndex(c.env.DB).find({ tenant, sessionId: session_id });
    const listed = await withTimeout(read, d1ListTimeoutMs, "D1 read");
    const room = reachRoom(c.env.MEETING_SESSION, tenant, session_id, c.var.traceId);
    const rebuilt = await room.call("rebuild", listed);
    if (rebuilt.outcome === "rebuilt")
      log.warn("session.rebuilt", { tenant, session_id, lost: rebuilt.lost.join(" ") });
    return { tenant, session_id, ...rebuilt };
  } catch (cause) {
    if (cause instanceof SessionDeletedError) return { tenant, session_id, outcome: "deleted", lost: [] };
    log.warn("session.not_rebuilt", { tenant, session_id, error: describeError(cause) });
    return { tenant, session_id, outcome: "failed", lost: [] };
  }
}

/** Has the app read the meetings again: its index of what was said may be lost too. */
async function index(c: Context<AppEnv>, sessions: readonly RebuiltSession[]): Promise<boolean> {
  const { APP } = c.env;
  const there = sessions.filter(({ outcome }) => outcome === "listed" || outcome === "rebuilt");
  if (!APP?.readMeetingsAgain) return false;
  try {
    for (const [tenant, own] of Map.groupBy(there, (one) => one.tenant)) {
      await APP.readMeetingsAgain(
        tenant,
        own.map(({ session_id }) => session_id),
      );
    }
    return true;
  } catch (cause) {
    log.warn("rebuild.not_indexed", { error: describeError(cause) });
    return false;
  }
}
