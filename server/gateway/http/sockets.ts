/**
 * WebSockets as the Worker sees them: which encoding the client asked for (SPEC W3), handing its socket to the room, and
 * refusing it in a way that a client can read (SPEC W7), since browsers hide the answer to a refused handshake.
 */
import type { Context } from "hono";
import { protoSubprotocol } from "../../../schemas/wire/protocol.ts";
import { type Encoding, encodeMessage } from "../../../schemas/wire/codec.ts";
import { refusalCodeOf, type WireErrorCode, wireErrors } from "../../../schemas/wire/errors.ts";
import { type ErrorMessage, errorSchema, jsonSubprotocol, msgpackSubprotocol } from "../../../schemas/wire/messages.ts";
import { bearerSubprotocol } from "../../shared/access/presented.ts";
import { expiresAtOf, subjectOf } from "../../shared/access/principal.ts";
import { refusedStatus, type SocketRequest, socketUrl } from "../room/socket-request.ts";
import { noteCode } from "../../shared/telemetry/context.ts";
import type { AppEnv } from "./app-env.ts";
import { failureOf, problem, type problems, type Reason } from "./problems.ts";
import type { RoomApi } from "./rooms.ts";

/** Whether a request asks for a WebSocket (RFC 6455 §4.2.1). */
export function isUpgrade(c: Context<AppEnv>): boolean {
  return c.req.method === "GET" && c.req.header("upgrade")?.toLowerCase() === "websocket";
}

export interface Subprotocol {
  readonly encoding: Encoding;
  /** Headers of the answer to the upgrade. */
  readonly headers: Readonly<Record<string, string>>;
}

const encodings: Readonly<Record<string, Encoding>> = {
  [jsonSubprotocol]: "json",
  [msgpackSubprotocol]: "msgpack",
  [protoSubprotocol]: "proto",
};

/**
 * The first offer that the room speaks, else JSON. A client that offered its token alone gets that back: browsers give
 * up where none of their offers is taken.
 */
export function chooseSubprotocol(offer: string | undefined): Subprotocol {
  const offered = offer?.split(",").map((name) => name.trim()) ?? [];
  const spoken = offered.find((name) => Object.hasOwn(encodings, name));
  const chosen = spoken ?? offered.find((name) => name.startsWith(bearerSubprotocol));
  return {
    encoding: (chosen === undefined ? undefined : encodings[chosen]) ?? "json",
    headers: chosen === undefined ? {} : { "sec-websocket-protocol": chosen },
  };
}

/**
 * Accepts the upgrade, sends one `error` and closes with its code (SPEC W7). Done in the Worker: a close from the room before
 * its upgrade is answered would linger for seconds.
 */
export function refusedSocket(
  error: ErrorMessage,
  { encoding, headers }: Subprotocol,
  more: Readonly<Record<string, string>> = {},
): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.send(encodeMessage(error, encoding));
  server.close(refusalCodeOf(error.code), error.code);
  return new Response(null, { status: 101, webSocket: client, headers: { ...more, ...headers } });
}

function refuseSocket(c: Context<AppEnv>, error: ErrorMessage): Response {
  noteCode(error.code);
  const subprotocol = chooseSubprotocol(c.req.header("sec-websocket-protocol"));
  return refusedSocket(error, subprotocol, { "x-trace-id": c.var.traceId });
}

/** Why the Worker refuses an upgrade, and the code of the wire that says so. */
const wireCodes = {
  unauthorized: "unauthorized",
  token_expired: "token_expired",
  forbidden: "forbidden",
  other_tracks: "forbidden",
  other_origin: "forbidden",
  no_origin: "forbidden",
  too_many_requests: "rate_limited",
  keys_unavailable: "internal",
  storage_full: "rate_limited",
  switched_off: "rate_limited",
} as const satisfies Partial<Record<keyof typeof problems, WireErrorCode>>;

export type UpgradeRefusal = Extract<Reason, { readonly reason: keyof typeof wireCodes }>;

/** Refuses an upgrade for a reason of the table of problems, with the sentence that the table has for it. */
export function refuseUpgrade(c: Context<AppEnv>, refusal: UpgradeRefusal): Response {
  const code = wireCodes[refusal.reason];
  const { retryable } = wireErrors[code];
  const wait = "retryAfterMs" in refusal ? { retry_after_ms: refusal.retryAfterMs } : {};
  return refuseSocket(c, { type: "error", code, detail: failureOf(refusal).detail, retryable, ...wait });
}

/** A socket as its route asks for it. */
type AskedSocket = SocketRequest extends infer Request
  ? Request extends SocketRequest
    ? Omit<Request, "encoding" | "subject" | "expires_at" | "trace_id">
    : never
  : never;

/**
 * Hands the client's socket to the room, or refuses it with the room's own words.
 * @param asked role, track and cursor; encoding, subject, expiry and trace id are added here.
 */
export async function openSocket(c: Context<AppEnv>, room: RoomApi, asked: AskedSocket): Promise<Response> {
  const { encoding, headers } = chooseSubprotocol(c.req.header("sec-websocket-protocol"));
  const { principal } = c.var;
  // A new request: the client's own may carry a token in its URL and headers that PartyServer would obey.
  const caller = { subject: subjectOf(principal), expires_at: expiresAtOf(principal), trace_id: c.var.traceId };
  const url = socketUrl({ ...asked, ...caller, encoding });
  const answer = await room.fetch(new Request(url, { headers: { upgrade: "websocket" } }));
  if (answer.webSocket) {
    const answered = { "x-trace-id": c.var.traceId, ...headers };
    return new Response(null, { status: 101, webSocket: answer.webSocket, headers: answered });
  }
  if (answer.status !== refusedStatus) return problem(c, "connection_not_taken");
  return refuseSocket(c, errorSchema.parse(await answer.json()));
}
