/** Hands a client's WebSocket to its room, or refuses it in a way that the client can read (SPEC W7). */
import type { Context } from "hono";
import { errorSchema } from "../../../schemas/wire/messages.ts";
import { subjectOf } from "../../shared/access/principal.ts";
import { refusedStatus, type SocketRequest, socketUrl } from "../room/socket-request.ts";
import type { AppEnv } from "./app-env.ts";
import { problem } from "./problem.ts";
import { refuseSocket } from "./refuse-socket.ts";
import type { RoomApi } from "./rooms.ts";
import { chooseSubprotocol } from "./subprotocol.ts";

/** @param asked role, track and cursor; encoding, subject, expiry and trace id are added here. */
export async function openSocket(c: Context<AppEnv>, room: RoomApi, asked: AskedSocket): Promise<Response> {
  const { encoding, headers } = chooseSubprotocol(c.req.header("sec-websocket-protocol"));
  const { principal } = c.var;
  const expiresAt = principal.kind === "token" ? principal.expiresAt : undefined;
  // A new request: the client's own may carry a token in its URL and headers that PartyServer would obey.
  const caller = { subject: subjectOf(principal), expires_at: expiresAt, trace_id: c.var.traceId };
  const url = socketUrl({ ...asked, ...caller, encoding });
  const answer = await room.fetch(new Request(url, { headers: { upgrade: "websocket" } }));
  if (answer.webSocket) {
    const answered = { "x-trace-id": c.var.traceId, ...headers };
    return new Response(null, { status: 101, webSocket: answer.webSocket, headers: answered });
  }
  if (answer.status !== refusedStatus)
    return problem(c, "internal", "The room did not take the connection. Try again.");
  return refuseSocket(c, errorSchema.parse(await answer.json()));
}

type AskedSocket = SocketRequest extends infer Request
  ? Request extends SocketRequest
    ? Omit<Request, "encoding" | "subject" | "expires_at" | "trace_id">
    : never
  : never;
