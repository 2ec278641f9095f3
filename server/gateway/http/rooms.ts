/** How the Worker reaches a room. Only checked names get here; a stub alone creates nothing. */
import type { Context } from "hono";
import { roomName } from "../../../schemas/names.ts";
import { givingWay } from "../../shared/lib/wait.ts";
import type { AppEnv } from "./app-env.ts";
import { keyedRequest } from "./guards/idempotency.ts";
import { sessionIdOf } from "./guards/parameters.ts";
import type { KeyedRequest } from "../core/idempotent-requests.ts";
import type { SessionAnswers, SessionApi, SessionMethod } from "../room/session-api.ts";
import type { AskContext, SessionReply } from "../room/session-call.ts";
import { reasonOf } from "./earlier-rooms.ts";

/** A room, as the Worker reaches it. RPC's own mapped types reject `unknown` in JSON, so the types are given here. */
export interface RoomApi {
  fetch(request: Request): Promise<Response>;
  /**
   * Who asks again, as a reader of a long log does, gives way to all others first: none can forget to.
   * @throws SessionDeletedError, whatever is asked but `remove`.
   */
  call<K extends SessionMethod>(method: K, ...args: Parameters<SessionApi[K]>): Promise<SessionAnswers[K]>;
}

/**
 * Call where storage did not give what the room said is there, before that is said to the caller.
 * @throws SessionDeletedError where it is gone because the session was deleted meanwhile.
 */
export async function assertNotDeleted(room: RoomApi): Promise<void> {
  await room.call("exists");
}

interface RoomStub {
  fetch(request: Request): Promise<Response>;
  call<K extends SessionMethod>(
    method: K,
    ...asked: [...Parameters<SessionApi[K]>, AskContext]
  ): Promise<SessionReply<K>>;
}

/** A deleted session. Thrown where other failures are values: every route answers it alike, and none can forget to. */
export class SessionDeletedError extends Error {
  override readonly name = "SessionDeletedError";
}

/** The key of a request is another request's. Thrown as a deleted session is. */
export class IdempotencyMismatchError extends Error {
  override readonly name = "IdempotencyMismatchError";
}

/** The room runs an earlier version, which has no such method. */
export class EarlierRoomError extends Error {
  override readonly name = "EarlierRoomError";
}

/** How a request comes, besides what it asks: under a key, and where to note that its answer was given before. */
interface Asking {
  readonly keyed: () => KeyedRequest | undefined;
  readonly replayed: () => void;
}

const withoutKey: Asking = { keyed: () => undefined, replayed: () => undefined };

/**
 * The room of one session of the caller's own tenant; no other can be named.
 * @param sessionId an id that matched `sessionIdSchema`; the path's where none is given.
 */
export function roomOf(c: Context<AppEnv>, sessionId: string = sessionIdOf(c)): RoomApi {
  return reachRoom(c.env.MEETING_SESSION, c.var.principal.tenant, sessionId, c.var.traceId, {
    keyed: () => keyedRequest(c),
    replayed: () => c.set("isReplay", true),
  });
}

/** @param tenant and the session are names that matched their schemas. */
export function reachRoom(
  rooms: DurableObjectNamespace,
  tenant: string,
  sessionId: string,
  traceId: string,
  { keyed, replayed }: Asking = withoutKey,
): RoomApi {
  const stub = rooms.getByName(roomName(tenant, sessionId)) as unknown as RoomStub;
  const myTurn = givingWay();
  return {
    fetch: (request) => stub.fetch(request),
    call: async (method, ...args) => {
      await myTurn();
      const idempotency = keyed();
      const reply = await stub.call(method, ...args, { trace_id: traceId, ...(idempotency && { idempotency }) });
      if (reply.isGone) throw new SessionDeletedError("the session was deleted");
      if ("isMismatch" in reply) throw new IdempotencyMismatchError("the key is another request's");
      if ("isReplay" in reply) replayed();
      if ("isUnknown" in reply)
        throw new EarlierRoomError(`the room runs an earlier version, which has no "${method}"`);
      return inOurWords(method, reply.answer);
    },
  };
}

/** The answer, with a refusal of an earlier version's room turned into the reason that it stands for. */
function inOurWords<K extends SessionMethod>(method: K, answer: SessionAnswers[K]): SessionAnswers[K] {
  if (typeof answer !== "object" || !("ok" in answer) || answer.ok) return answer;
  return { ...answer, error: reasonOf(method, answer.error) };
}
