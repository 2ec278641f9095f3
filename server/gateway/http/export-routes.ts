/** `/v1/sessions/:session_id/{speakers.rttm,transcript.vtt,transcript.srt,transcript.txt}`, during the meeting and after. */
import type { Context } from "hono";
import { trackQuerySchema } from "../../../schemas/http/queries.ts";
import { type ExportName, exports } from "../results/exports/exports.ts";
import type { AppEnv } from "./app-env.ts";
import { queryOf } from "./guards/parameters.ts";
import { roomOf } from "./rooms.ts";
import { sessionNotFound } from "./session-not-found.ts";
import { trackRefusal } from "./track-refusal.ts";

export function exportRoute(name: ExportName): (c: Context<AppEnv>) => Promise<Response> {
  return async (c) => {
    const query = queryOf(c, trackQuerySchema);
    if (!query.ok) return query.error;
    const { track } = query.value;
    const refusal = trackRefusal(c, track === undefined ? undefined : [track]);
    if (refusal) return refusal;
    const meeting = await roomOf(c).call("meeting", track);
    if (!meeting.ok) return sessionNotFound(c);
    const { contentType, write } = exports[name];
    return c.body(write(meeting.value), 200, { "content-type": contentType, "cache-control": "private, no-cache" });
  };
}
