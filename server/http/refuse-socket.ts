/**
 * A refusal that a WebSocket client can understand (SPEC W7): an accepted upgrade, one `error`, the close code.
 * Done in the Worker: a close from the room before its upgrade is answered would linger for seconds.
 */
import { encodeMessage, type Encoding } from "../../schemas/codec.ts";
import { closeCodeOf, normalCloseCode } from "../../schemas/errors.ts";
import type { ErrorMessage } from "../../schemas/messages.ts";

export function refuseSocket(error: ErrorMessage, encoding: Encoding, headers: Record<string, string>): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.send(encodeMessage(error, encoding));
  server.close(closeCodeOf(error.code) ?? normalCloseCode, error.code);
  return new Response(null, { status: 101, webSocket: client, headers });
}
