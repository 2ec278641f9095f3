/** The Worker's way to a room. Only names that were checked get here; a stub alone creates nothing. */
import { defaultTenant, roomName } from "../../schemas/names.ts";
import type { MeetingSessionDO } from "../room/meeting-session.ts";
import type { Env } from "../env.ts";

/** The RPC surface of a room, as plain promises: RPC's own mapped types reject `unknown` in JSON. */
export interface RoomApi {
  fetch(request: Request): Promise<Response>;
  describe(): ReturnType<MeetingSessionDO["describe"]>;
  resolve(...args: Parameters<MeetingSessionDO["resolve"]>): ReturnType<MeetingSessionDO["resolve"]>;
  finalize(...args: Parameters<MeetingSessionDO["finalize"]>): ReturnType<MeetingSessionDO["finalize"]>;
  locateResult(): ReturnType<MeetingSessionDO["locateResult"]>;
}

/** @param sessionId an id that matched `sessionIdSchema`. */
export function roomOf(env: Env, sessionId: string): RoomApi {
  return env.MEETING_SESSION.getByName(roomName(defaultTenant, sessionId)) as unknown as RoomApi;
}
