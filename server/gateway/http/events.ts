/** `GET /v1/sessions/:session_id/events`, as JSON pages or as server-sent events, and `…/live`, a WebSocket that watches. */
import type { Context } from "hono";
import { eventsQuerySchema, liveQuerySchema } from "../../../schemas/http/queries.ts";
import type { AppEnv } from "./app-env.ts";
import { streamEvents } from "./event-stream.ts";
import { queryOf } from "./guards/parameters.ts";
import { roomOf } from "./rooms.ts";
import { problem } from "./problems.ts";
import { openSocket } from "./sockets.ts";

export async function eventsRoute(c: Context<AppEnv>): Promise<Response> {
  const wantsStream = c.req.header("accept")?.includes("text/event-stream") ?? false;
  // A reconnecting EventSource sends where it was; its URL says where it began.
  const last = wantsStream ? c.req.header("last-event-id") : undefined;
  const query = queryOf(c, eventsQuerySchema, last === undefined ? {} : { after: last });
  if (!query.ok) return problem(c, query.error);
  const { after, limit } = query.value;
  if (wantsStream) return streamEvents(c, after);
  const page = await roomOf(c).call("events", after, limit);
  return page.ok ? c.json(page.value) : problem(c, page.error);
}

export async function liveRoute(c: Context<AppEnv>): Promise<Response> {
  const query = queryOf(c, liveQuerySchema);
  return query.ok ? openSocket(c, roomOf(c), { role: "watch", after: query.value.after }) : problem(c, query.error);
}
