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
import { knownLogs, lookAtMeeting, type MeetingLook, readMeeting } from "./read-meeting.ts";
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
    const sessionName = roomName(c.var.principal.tenant, sessionIdOf(c));
    const headersOf = ({ content }: MeetingLook): { readonly etag?: string } & Record<string, string> => {
      const made = JSON.stringify([buildOf(c.env), name, track ?? null, content]);
      const etag = content === undefined ? {} : { etag: etagOf(made) };
      return { "content-type": contentType, "cache-control": "private, no-cache", ...etag };
    };
    const looked = await lookAtMeeting(room, ask);
    if (!looked.ok) return problem(c, looked.error);
    const tagged = headersOf(looked.value);
    if (tagged.etag && matchesEtag(c.req.header("if-none-match"), tagged.etag)) return c.body(null, 304, tagged);
    if (c.req.raw.method === "HEAD") return c.body(null, 200, tagged);
    const place = [sessionName, name, track ?? ""].join("\n");
    const turn = await turns.take(sessionName, c.req.raw.signal);
    try {
      // Whoever had a turn before may have read on: what is known of the log is not older than this.
      const now = await lookAtMeeting(room, ask);
      if (!now.ok) return problem(c, now.error);
      const headers = headersOf(now.value);
      const { etag } = headers;
      const known = etag && finished.find(place, etag);
      if (known) return c.body(streamOf({ pieces: known, rest: undefined }), 200, headers);
      const reading = { ...ask, known: { room: sessionName, folds: knownLogs }, onSlice: turn.see };
      const meeting = await readMeeting(room, reading, now.value);
      const begun = await begin(writePages(open(meeting), meeting.transcript));
      if (etag && !begun.rest) finished.keep(place, etag, begun.pieces);
      return c.body(streamOf(begun), 200, headers);
    } finally {
      turn.leave();
    }
  };
}
