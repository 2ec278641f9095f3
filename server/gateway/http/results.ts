/** The end of a meeting and what is made of it: `POST …/finalize`, `GET …/result`, and its versions. */
import type { Context } from "hono";
import { finalizeBodySchema } from "../../../schemas/http/finalize.ts";
import { resultQuerySchema } from "../../../schemas/http/queries.ts";
import { limits } from "../../../schemas/limits.ts";
import type { LocatedResult } from "../results/versions/versions.ts";
import type { AppEnv } from "./app-env.ts";
import { bodyOf, queryOf, sessionIdOf } from "./guards/parameters.ts";
import { problem } from "./problems.ts";
import { assertNotDeleted, roomOf } from "./rooms.ts";
import { readStored } from "./stored-result.ts";
import { noCentroids } from "./without-centroids.ts";

export async function finalizeRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, finalizeBodySchema, limits.maxFinalizeBodyBytes);
  if (!body.ok) return problem(c, body.error);
  const outcome = await roomOf(c).call("finalize", body.value);
  if (!outcome.ok) return problem(c, outcome.error);
  if (outcome.value.done) return c.json(outcome.value.answer);
  return c.json(outcome.value.answer, 202, { location: `/v1/sessions/${sessionIdOf(c)}/result` });
}

export async function resultRoute(c: Context<AppEnv>): Promise<Response> {
  const query = queryOf(c, resultQuerySchema);
  if (!query.ok) return problem(c, query.error);
  const { include, version } = query.value;
  const hasCentroids = include === "centroids";
  if (hasCentroids && c.var.principal.kind === "token") return problem(c, noCentroids);
  const room = roomOf(c);
  const located = await room.call("locateResult", version);
  if (!located.ok) return problem(c, located.error);
  // A room of the version before knows one result, and says of it where it lies.
  const { key, sha256 = null, version: found, is_pending } = located.value as Partial<LocatedResult> & { key: string };
  if (version !== undefined && version !== found) return problem(c, "version_not_found");
  const source = { bucket: c.env.RESULT_BUCKET, key, sha256, ifNoneMatch: c.req.header("if-none-match"), hasCentroids };
  let read = await readStored(source, c.var.traceId);
  if (!read.ok && read.error === "lost" && found !== undefined) {
    const restored = await room.call("restoreResult", found);
    const again = restored.ok && restored.value ? await room.call("locateResult", found) : undefined;
    if (again?.ok)
      read = await readStored({ ...source, key: again.value.key, sha256: again.value.sha256 }, c.var.traceId);
  }
  if (!read.ok) {
    await assertNotDeleted(room);
    return problem(c, "result_unavailable");
  }
  const result = read.value;
  const headers = {
    etag: result.etag,
    "content-type": "application/json",
    "cache-control": "private, no-cache",
    ...(found === undefined ? {} : { "x-result-version": String(found), "x-result-pending": String(is_pending) }),
  };
  return result.body === null ? c.body(null, 304, headers) : c.body(result.body, 200, headers);
}

export async function resultsRoute(c: Context<AppEnv>): Promise<Response> {
  const listed = await roomOf(c).call("listResults");
  return listed.ok ? c.json(listed.value) : problem(c, listed.error);
}
