/**
 * The exports, which are there during the meeting and after it. The room says what the meeting is made of, which is a cheap question;
 * from that comes the `ETag`, and only who does not have that document yet has it read and put together (R14, R15).
 */
import type { Context } from "hono";
import { roomName } from "../../../schemas/names.ts";
import { trackQuerySchema } from "../../../schemas/http/queries.ts";
import { type ExportName, exports, writePages } from "../results/exports/exports.ts";
import type { AppEnv } from "./app-env.ts";
import { begin, FinishedExports, streamOf } from "./finished-exports.ts";
import { queryOf, sessionIdOf } from "./guards/parameters.ts";
import { trackRefusal } from "./guards/tracks.ts";
import { buildOf } from "./health.ts";
import { problem } from "./problems.ts";
import { etagOf, matchesEtag } from "./ranges.ts";
import { lookAtMeeting, readMeeting } from "./read-meeting.ts";
import { ReadingTurns } from "./reading-turns.ts";
import { roomOf } from "./rooms.ts";

/** Of this isolate. */
const finished = new FinishedExports(Date.now);
const turns = new ReadingTurns(Date.now);

export function exportRoute(name: ExportName): (c: Context<AppEnv>) => Promise<Response> {
  return async (c) => {
    const query = queryOf(c, trackQuerySchema);
    if (!query.ok) return problem(c, query.error);
    const { track } = query.value;
    const refusal = trackRefusal(c.var.principal, track === undefined ? undefined : [track]);
    if (refusal) return problem(c, refusal);
    const { contentType, hasTranscript, open } = exports[name];
    const ask = { track, hasTranscript };
    const room = roomOf(c);
    const looked = await lookAtMeeting(room, ask);
    if (!looked.ok) return problem(c, looked.error);
    const { content } = looked.value;
    const etag =
      content === undefined ? undefined : etagOf(JSON.stringify([buildOf(c.env), name, track ?? null, content]));
    const headers = { "content-type": contentType, "cache-control": "private, no-cache", ...(etag && { etag }) };
    if (etag && matchesEtag(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
    if (c.req.raw.method === "HEAD") return c.body(null, 200, headers);
    const place = [roomName(c.var.principal.tenant, sessionIdOf(c)), name, track ?? ""].join("\n");
    const turn = await turns.take(place, c.req.raw.signal);
    try {
      const known = etag && finished.find(place, etag);
      if (known) return c.body(streamOf({ pieces: known, rest: undefined }), 200, headers);
      const meeting = await readMeeting(room, { ...ask, onSlice: turn.see }, looked.value);
      const begun = await begin(writePages(open(meeting), meeting.transcript));
      if (etag && !begun.rest) finished.keep(place, etag, begun.pieces);
      return c.body(streamOf(begun), 200, headers);
    } finally {
      turn.leave();
    }
  };
}
