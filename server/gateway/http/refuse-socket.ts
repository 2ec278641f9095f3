/**
 * A refusal that a WebSocket client can understand (SPEC W7): an accepted upgrade, one `error`, the close code.
 * Done in the Worker: a close from the room before its upgrade is answered would linger for seconds.
 */
import type { Context } from "hono";
import { encodeMessage } from "../../../schemas/wire/codec.ts";
import { refusalCodeOf } from "../../../schemas/wire/errors.ts";
import type { ErrorMessage } from "../../../schemas/wire/messages.ts";
import type { AppEnv } from "./app-env.ts";
import { chooseSubprotocol } from "./subprotocol.ts";

export function refuseSocket(c: Context<AppEnv>, error: ErrorMessage): Response {
  const { encoding, headers } = chooseSubprotocol(c.req.header("sec-websocket-protocol"));
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.send(encodeMessage(error, encoding));
  server.close(refusalCodeOf(error.code), error.code);
  return new Response(null, { status: 101, webSocket: client, headers: { "x-trace-id": c.var.traceId, ...headers } });
}
