/**
 * The end of a meeting and what is made of it: `POST …/finalize`, `GET …/result`, and the exports, which are there during
 * the meeting too.
 */
import type { Context } from "hono";
import { finalizeBodySchema } from "../../../schemas/http/finalize.ts";
import { trackQuerySchema } from "../../../schemas/http/queries.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { limits } from "../../../schemas/limits.ts";
import { r2TimeoutMs } from "../../shared/config/timings.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import { type ExportName, exports } from "../results/exports/exports.ts";
import type { AppEnv } from "./app-env.ts";
import { bodyOf, queryOf, sessionIdOf } from "./guards/parameters.ts";
import { trackRefusal } from "./guards/tracks.ts";
import { problem } from "./problems.ts";
import { matchesEtag } from "./ranges.ts";
import { assertNotDeleted, roomOf } from "./rooms.ts";

export async function finalizeRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, finalizeBodySchema, limits.maxFinalizeBodyBytes);
  if (!body.ok) return problem(c, body.error);
  const outcome = await roomOf(c).call("finalize", body.value);
  if (!outcome.ok) return problem(c, outcome.error);
  if (outcome.value.done) return c.json(outcome.value.answer);
  return c.json(outcome.value.answer, 202, { location: `/v1/sessions/${sessionIdOf(c)}/result` });
}

export async function resultRoute(c: Context<AppEnv>): Promise<Response> {
  const room = roomOf(c);
  const located = await room.call("locateResult");
  if (!located.ok) return problem(c, located.error);
  const object = await readObject(c, located.value.key);
  if (!object) {
    await assertNotDeleted(room);
    return problem(c, "result_unavailable");
  }
  const headers = { etag: object.httpEtag, "content-type": "application/json", "cache-control": "private, no-cache" };
  if (!matchesEtag(c.req.header("if-none-match"), object.httpEtag)) return c.body(object.body, 200, headers);
  await object.body.cancel();
  return c.body(null, 304, headers);
}

/** @returns undefined where R2 has no such object, or gives nothing in time. */
async function readObject(c: Context<AppEnv>, key: string): Promise<R2ObjectBody | undefined> {
  try {
    return (await withTimeout(c.env.RESULT_BUCKET.get(key), r2TimeoutMs, "R2 get")) ?? undefined;
  } catch (cause) {
    log.warn("result.not_read", { trace_id: c.var.traceId, error: describeError(cause) });
    return undefined;
  }
}

export function exportRoute(name: ExportName): (c: Context<AppEnv>) => Promise<Response> {
  return async (c) => {
    const query = queryOf(c, trackQuerySchema);
    if (!query.ok) return problem(c, query.error);
    const { track } = query.value;
    const refusal = trackRefusal(c.var.principal, track === undefined ? undefined : [track]);
    if (refusal) return problem(c, refusal);
    const meeting = await roomOf(c).call("meeting", track);
    if (!meeting.ok) return problem(c, meeting.error);
    const { contentType, write } = exports[name];
    return c.body(write(meeting.value), 200, { "content-type": contentType, "cache-control": "private, no-cache" });
  };
}
