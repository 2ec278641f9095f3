/** Hands a client's WebSocket to its room, or refuses it in a way that the client can read (SPEC W7). */
import type { Context } from "hono";
import type { Encoding } from "../../schemas/codec.ts";
import { errorSchema, jsonSubprotocol, msgpackSubprotocol } from "../../schemas/messages.ts";
import { refusedStatus, type SocketRequest, socketUrl } from "../room/socket-request.ts";
import type { AppEnv } from "./app-env.ts";
import { problem } from "./problem.ts";
import { refuseSocket } from "./refuse-socket.ts";
import type { RoomApi } from "./rooms.ts";

export async function openSocket(
  c: Context<AppEnv>,
  room: RoomApi,
  ask: (encoding: Encoding) => SocketRequest,
): Promise<Response> {
  if (c.req.method !== "GET" || c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    return problem(c, "upgrade_required", "Connect with a WebSocket client: this route takes an Upgrade request.", {
      upgrade: "websocket",
    });
  }
  const subprotocol = chooseSubprotocol(c.req.header("sec-websocket-protocol"));
  const encoding = subprotocol === msgpackSubprotocol ? "msgpack" : "json";
  // A new request: the client's own may carry a token in its URL and headers that PartyServer would obey.
  const answer = await room.fetch(new Request(socketUrl(ask(encoding)), { headers: { upgrade: "websocket" } }));
  const headers = { "x-trace-id": c.var.traceId, ...(subprotocol ? { "sec-websocket-protocol": subprotocol } : {}) };
  if (answer.webSocket) return new Response(null, { status: 101, webSocket: answer.webSocket, headers });
  if (answer.status !== refusedStatus)
    return problem(c, "internal", "The room did not take the connection. Try again.");
  return refuseSocket(errorSchema.parse(await answer.json()), encoding, headers);
}

/** The first of the client's offers that the room speaks. */
function chooseSubprotocol(offer: string | undefined): string | undefined {
  const offered = offer?.split(",").map((name) => name.trim()) ?? [];
  return offered.find((name) => name === jsonSubprotocol || name === msgpackSubprotocol);
}
