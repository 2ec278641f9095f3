/** The Worker's way to a room. Only names that were checked get here; a stub alone creates nothing. */
import { defaultTenant, roomName } from "../../schemas/names.ts";
import type { Env } from "../env.ts";
import type { SessionAnswers, SessionApi, SessionMethod } from "../room/session-api.ts";

/** A room, as the Worker reaches it. RPC's own mapped types reject `unknown` in JSON, so the types are given here. */
export interface RoomApi {
  fetch(request: Request): Promise<Response>;
  call<K extends SessionMethod>(method: K, ...args: Parameters<SessionApi[K]>): Promise<SessionAnswers[K]>;
}

/** @param sessionId an id that matched `sessionIdSchema`. */
export function roomOf(env: Env, sessionId: string): RoomApi {
  return env.MEETING_SESSION.getByName(roomName(defaultTenant, sessionId)) as unknown as RoomApi;
}
