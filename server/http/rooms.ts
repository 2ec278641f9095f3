/** The Worker's way to a room. Only names that were checked get here; a stub alone creates nothing. */
import { defaultTenant, roomName } from "../../schemas/names.ts";
import type { Env } from "../env.ts";
import type { SessionAnswers, SessionApi, SessionMethod, SessionReply } from "../room/session-api.ts";

/** A room, as the Worker reaches it. RPC's own mapped types reject `unknown` in JSON, so the types are given here. */
export interface RoomApi {
  fetch(request: Request): Promise<Response>;
  /** @throws SessionDeletedError, whatever is asked but `remove`. */
  call<K extends SessionMethod>(method: K, ...args: Parameters<SessionApi[K]>): Promise<SessionAnswers[K]>;
}

interface RoomStub {
  fetch(request: Request): Promise<Response>;
  call<K extends SessionMethod>(method: K, ...args: Parameters<SessionApi[K]>): Promise<SessionReply<K>>;
}

/** Thrown, where others are values: every route answers it alike, and none can forget to. */
export class SessionDeletedError extends Error {
  override readonly name = "SessionDeletedError";
}

/** @param sessionId an id that matched `sessionIdSchema`. */
export function roomOf(env: Env, sessionId: string): RoomApi {
  const stub = env.MEETING_SESSION.getByName(roomName(defaultTenant, sessionId)) as unknown as RoomStub;
  return {
    fetch: (request) => stub.fetch(request),
    call: async (method, ...args) => {
      const reply = await stub.call(method, ...args);
      if (reply.isGone) throw new SessionDeletedError("the session was deleted");
      return reply.answer;
    },
  };
}
