/** `/v1/sessions/:session_id/{speakers.rttm,transcript.vtt,transcript.srt,transcript.txt}`, during the meeting and after. */
import type { Context } from "hono";
import { trackNameSchema } from "../../schemas/names.ts";
import { type ExportName, exports } from "../exports/exports.ts";
import type { AppEnv } from "./app-env.ts";
import { sessionIdOf } from "./parameters.ts";
import { problem } from "./problem.ts";
import { roomOf } from "./rooms.ts";
import { sessionNotFound } from "./session-not-found.ts";

export function exportRoute(name: ExportName): (c: Context<AppEnv>) => Promise<Response> {
  return async (c) => {
    const sessionId = sessionIdOf(c);
    if (!sessionId.ok) return sessionId.error;
    const track = trackNameSchema.optional().safeParse(c.req.query("track"));
    if (!track.success) return problem(c, "invalid_track", "track is a name of one of the session's tracks.");
    const meeting = await roomOf(c.env, sessionId.value).call("meeting", track.data);
    if (!meeting.ok) return sessionNotFound(c);
    const { contentType, write } = exports[name];
    return c.body(write(meeting.value), 200, { "content-type": contentType, "cache-control": "private, no-cache" });
  };
}
