/**
 * A room's socket for the app itself: what its participant streams and hears goes the way of every client's. Only the binding leads
 * here, so that no credential is asked for; names are parsed all the same (SPEC N1).
 */
import * as z from "zod";
import { sessionIdSchema, tenantSchema, trackNameSchema } from "../../../schemas/names.ts";
import { errorSchema } from "../../../schemas/wire/messages.ts";
import { chooseSubprotocol, refusedSocket } from "../http/sockets.ts";
import { reachRoom } from "../http/rooms.ts";
import { refusedStatus, type SocketRequest, socketUrl } from "../room/socket-request.ts";

const tenantHeader = "x-roomtone-tenant";
const subject = "app:participant";
const capturePath = /^\/v1\/audio\/ws\/([^/]+)\/([^/]+)$/;
const watchPath = /^\/v1\/sessions\/([^/]+)\/live$/;
const namesSchema = z.object({ tenant: tenantSchema, sessionId: sessionIdSchema, track: trackNameSchema.optional() });

export async function openAppSocket(rooms: DurableObjectNamespace, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const [, sessionId, track] = capturePath.exec(pathname) ?? watchPath.exec(pathname) ?? [];
  const named = namesSchema.safeParse({ tenant: request.headers.get(tenantHeader), sessionId, track });
  if (!named.success) return new Response("no such socket", { status: 404 });
  const subprotocol = chooseSubprotocol(request.headers.get("sec-websocket-protocol") ?? undefined);
  const traceId = crypto.randomUUID().replaceAll("-", "");
  const common = { encoding: subprotocol.encoding, subject, trace_id: traceId } as const;
  const asked: SocketRequest = named.data.track
    ? {
        role: "capture",
        ...common,
        track: named.data.track,
        tracks: [named.data.track],
        may_listen: false,
        reads: false,
      }
    : { role: "watch", ...common, after: 0, topics: ["live"] };
  const room = reachRoom(rooms, named.data.tenant, named.data.sessionId, traceId);
  const answer = await room.fetch(new Request(socketUrl(asked), { headers: { upgrade: "websocket" } }));
  if (answer.webSocket)
    return new Response(null, { status: 101, webSocket: answer.webSocket, headers: subprotocol.headers });
  // In the room's words (SPEC W7): who was refused for good must not come again and again.
  if (answer.status === refusedStatus) return refusedSocket(errorSchema.parse(await answer.json()), subprotocol);
  return new Response(await answer.text(), { status: answer.status });
}
