/** `GET /v1/sessions`, from the index, and `DELETE /v1/sessions/:session_id`. */
import type { Context } from "hono";
import { listQuerySchema } from "../../../schemas/http/queries.ts";
import { parseCursor } from "../lifecycle/session-list-cursor.ts";
import { SessionIndex } from "../lifecycle/session-list.ts";
import { withTimeout } from "../../shared/lib/timeout.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { AppEnv } from "./app-env.ts";
import { queryOf } from "./guards/parameters.ts";
import { problem } from "./problem.ts";
import { roomOf } from "./rooms.ts";
import { sessionNotFound } from "./session-not-found.ts";

const readTimeoutMs = 15_000;

export async function listSessionsRoute(c: Context<AppEnv>): Promise<Response> {
  const query = queryOf(c, listQuerySchema);
  if (!query.ok) return query.error;
  const { status, limit, cursor } = query.value;
  const after = cursor === undefined ? undefined : parseCursor(cursor);
  if (cursor !== undefined && !after) return problem(c, "bad_request", "cursor is the next_cursor of a page before.");
  const request = { tenant: c.var.principal.tenant, status, limit, after };
  try {
    return c.json(await withTimeout(new SessionIndex(c.env.DB).page(request), readTimeoutMs, "D1 read"));
  } catch (cause) {
    log.warn("index.read_failed", { trace_id: c.var.traceId, error: describeError(cause) });
    return problem(
      c,
      "index_unavailable",
      "The list of sessions can't be read now; the sessions themselves can. Try again.",
      {
        "retry-after": "5",
      },
    );
  }
}

export async function deleteSessionRoute(c: Context<AppEnv>): Promise<Response> {
  const removed = await roomOf(c).call("remove");
  if (!removed.ok) return sessionNotFound(c);
  return c.json(removed.value.answer, removed.value.done ? 200 : 202);
}
