/** `GET /v1/sessions/:session_id/events`, as JSON pages or as server-sent events, and `…/live`, a WebSocket that watches. */
import type { Context } from "hono";
import { eventsQuerySchema, liveQuerySchema } from "../../../schemas/http/queries.ts";
import type { AppEnv } from "./app-env.ts";
import { mayListen } from "../../shared/access/principal.ts";
import { mayNotListen } from "../room/refusals.ts";
import { streamEvents } from "./event-stream.ts";
import { wantsEventStream } from "../../shared/http/accepts.ts";
import { queryOf } from "./guards/parameters.ts";
import { pageText } from "./log-reader.ts";
import { roomOf } from "./rooms.ts";
import { problem } from "./problems.ts";
import { openSocket, refuseUpgrade } from "./sockets.ts";

export async function eventsRoute(c: Context<AppEnv>): Promise<Response> {
  const query = queryOf(c, eventsQuerySchema);
  if (!query.ok) return problem(c, query.error);
  const { after, limit } = query.value;
  // A reconnecting EventSource sends where it was; its URL says where it began.
  if (wantsEventStream(c.req.header("accept")))
    return streamEvents(c, lastEventId(c.req.header("last-event-id")) ?? after);
  const page = await pageText(roomOf(c), after, limit);
  return page.ok ? c.body(page.value, 200, { "content-type": "application/json" }) : problem(c, page.error);
}

/**
 * @returns undefined for a header that holds no event's number: empty, or `undefined` and the like, as scripts write it. An error
 * would end an EventSource for good.
 */
function lastEventId(header: string | undefined): number | undefined {
  const [id = "", ...others] = new Set(header?.split(",").map((part) => part.trim()));
  if (others.length > 0 || !/^\d+$/.test(id)) return undefined;
  return Math.min(Number(id), Number.MAX_SAFE_INTEGER);
}

export async function liveRoute(c: Context<AppEnv>): Promise<Response> {
  const query = queryOf(c, liveQuerySchema);
  if (!query.ok) return problem(c, query.error);
  const { after, topics } = query.value;
  if (topics?.includes("live") && !mayListen(c.var.principal))
    return refuseUpgrade(c, { reason: "forbidden", detail: mayNotListen.detail });
  return openSocket(c, roomOf(c), { role: "watch", after, topics });
}
