/** `GET /v1/audio/ws/:session_id[/:track]`: checks what HTTP can check, then hands the socket to the room. */
import type { Context } from "hono";
import { errorSchema, jsonSubprotocol, msgpackSubprotocol } from "../../schemas/messages.ts";
import { trackNameSchema } from "../../schemas/names.ts";
import { ingestUrl, refusedStatus } from "../room/ingest-request.ts";
import type { AppEnv } from "./app-env.ts";
import { sessionIdOf } from "./parameters.ts";
import { problem } from "./problem.ts";
import { refuseSocket } from "./refuse-socket.ts";
import { roomOf } from "./rooms.ts";

export async function ingestRoute(c: Context<AppEnv>): Promise<Response> {
  const sessionId = sessionIdOf(c);
  if (!sessionId.ok) return sessionId.error;
  const track = trackNameSchema.optional().safeParse(c.req.param("track"));
  if (!track.success)
    return problem(
      c,
      "invalid_track",
      "A track is a-z, 0-9, _ and -, at most 32 characters, starting with a letter or digit.",
    );
  if (c.req.method !== "GET" || c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    return problem(c, "upgrade_required", "Connect with a WebSocket client: this route takes an Upgrade request.", {
      upgrade: "websocket",
    });
  }
  const subprotocol = chooseSubprotocol(c.req.header("sec-websocket-protocol"));
  const encoding = subprotocol === msgpackSubprotocol ? "msgpack" : "json";
  // A new request: the client's own may carry a token in its URL and headers that PartyServer would obey.
  const request = new Request(ingestUrl({ encoding, track: track.data ?? null }), {
    headers: { upgrade: "websocket" },
  });
  const answer = await roomOf(c.env, sessionId.value).fetch(request);
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
