/**
 * `GET /v1/sessions/:session_id/peaks`: a track's waveform. The room says how long the track is; the peaks lie in R2 with the
 * chunks, and the room takes no part in reading them.
 */
import type { Context } from "hono";
import { peaksQuerySchema } from "../../../schemas/http/queries.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import { readPeaks } from "../archive/read-peaks.ts";
import type { WavPlan } from "../results/wav/wav-plan.ts";
import type { AppEnv } from "./app-env.ts";
import { queryOf } from "./guards/parameters.ts";
import { trackRefusal } from "./guards/tracks.ts";
import { problem } from "./problems.ts";
import { matchesEtag } from "./ranges.ts";
import { roomOf } from "./rooms.ts";

export async function peaksRoute(c: Context<AppEnv>): Promise<Response> {
  const query = queryOf(c, peaksQuerySchema);
  if (!query.ok) return problem(c, query.error);
  const { track, points } = query.value;
  const { principal } = c.var;
  // A track that is asked for by name and not allowed is refused before the room is asked whether it has it.
  const refusal = track === undefined ? undefined : trackRefusal(principal, [track]);
  if (refusal) return problem(c, refusal);
  const planned = await roomOf(c).call("planWav", track, 0, Number.POSITIVE_INFINITY);
  if (!planned.ok) return problem(c, planned.error);
  const chosenRefusal = trackRefusal(principal, [planned.value.track]);
  return chosenRefusal ? problem(c, chosenRefusal) : answer(c, planned.value, points);
}

async function answer(c: Context<AppEnv>, plan: WavPlan, points: number): Promise<Response> {
  // Only of a track that is whole in R2 does no peak come any more.
  const etag = plan.wholeKey === null ? undefined : `"${plan.version}-${points}"`;
  const headers = { "cache-control": "private, no-cache", ...(etag && { etag }) };
  if (etag && matchesEtag(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
  const { session, track, span } = plan;
  try {
    return c.json(
      await readPeaks(c.env.RESULT_BUCKET, { session, track, samples: span.toSample, points }),
      200,
      headers,
    );
  } catch (cause) {
    log.warn("peaks.not_read", { trace_id: c.var.traceId, error: describeError(cause) });
    return problem(c, "audio_unavailable");
  }
}
