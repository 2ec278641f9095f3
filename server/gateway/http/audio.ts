/**
 * `GET` and `HEAD /v1/sessions/:session_id/audio.wav`. The room says what the file holds and what of it is where; the
 * bytes come straight from R2, except for the chunks that only the room has. Nothing is read before it is asked for, and nothing is given
 * out that is not what was kept (A8).
 */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import { audioQuerySchema } from "../../../schemas/http/queries.ts";
import { wavHeadBytes } from "../../../schemas/speech/wav-head.ts";
import { fitsWav, wavBytes } from "../results/wav/wav.ts";
import { createGapTest, type WavPlan } from "../results/wav/wav-plan.ts";
import { readWav } from "../results/wav/wav-reader.ts";
import { readWhole, secondsRange } from "../results/wav/whole-reader.ts";
import { r2TimeoutMs } from "../../shared/config/timings.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { AppEnv } from "./app-env.ts";
import { queryOf } from "./guards/parameters.ts";
import { trackRefusal } from "./guards/tracks.ts";
import { problem } from "./problems.ts";
import { type ByteRange, ifRangeHolds, matchesEtag, parseRange } from "./ranges.ts";
import { assertNotDeleted, type RoomApi, roomOf, SessionDeletedError } from "./rooms.ts";

export async function audioRoute(c: Context<AppEnv>): Promise<Response> {
  const query = queryOf(c, audioQuerySchema);
  if (!query.ok) return problem(c, query.error);
  const { track, from_ms: fromMs, to_ms: toMs = Number.POSITIVE_INFINITY } = query.value;
  const { principal } = c.var;
  // A track that is asked for by name and not allowed is refused before the room is asked whether it has it.
  const refusal = track === undefined ? undefined : trackRefusal(principal, [track]);
  if (refusal) return problem(c, refusal);
  const room = roomOf(c);
  const planned = await room.call("planWav", track, fromMs, toMs);
  if (!planned.ok) return problem(c, planned.error);
  const chosenRefusal = trackRefusal(principal, [planned.value.track]);
  return chosenRefusal ? problem(c, chosenRefusal) : answer(c, room, planned.value);
}

/** Answers in the order of RFC 9110 §13.2.2: `If-None-Match` first, then whether `Range` counts, then the range. */
async function answer(c: Context<AppEnv>, room: RoomApi, plan: WavPlan): Promise<Response> {
  if (!fitsWav(plan.span)) return problem(c, "audio_too_long");
  const size = wavBytes(plan.span);
  const etag = `"${plan.version}"`;
  const cached = { etag, "cache-control": "private, no-cache", "accept-ranges": "bytes" };
  if (matchesEtag(c.req.header("if-none-match"), etag)) return c.body(null, 304, cached);
  const isHead = c.req.raw.method === "HEAD";
  const range = isHead || !ifRangeHolds(c.req.header("if-range"), etag) ? undefined : c.req.header("range");
  const part = parseRange(range, size);
  if (part.kind === "unsatisfiable") return problem(c, { reason: "beyond_the_end", size });
  const { from, to } = boundsOf(part, size);
  const headers = {
    ...cached,
    "content-type": "audio/wav",
    // Neither name can hold a character that a quoted string or a file system would not take.
    "content-disposition": `inline; filename="${plan.session.sessionId}-${plan.track}.wav"`,
    "content-length": String(to - from),
    ...(part.kind === "part" ? { "content-range": `bytes ${from}-${to - 1}/${size}` } : {}),
  };
  const status = part.kind === "part" ? 206 : 200;
  if (isHead) return new Response(null, { status, headers });
  const body = await open(c, room, plan, from, to);
  if (body) return new Response(body, { status, headers });
  await assertNotDeleted(room);
  return problem(c, "audio_unavailable");
}

function boundsOf(range: Exclude<ByteRange, { kind: "unsatisfiable" }>, size: number): { from: number; to: number } {
  return range.kind === "part" ? range : { from: 0, to: size };
}

/** The bytes as a stream, once the first of them have arrived and were checked; undefined where they can't be read. */
async function open(
  c: Context<AppEnv>,
  room: RoomApi,
  plan: WavPlan,
  from: number,
  to: number,
): Promise<ReadableStream | undefined> {
  try {
    const pieces = await piecesOf(c, room, plan, from, to);
    // The header needs no read: only the first second shows whether the audio can be read.
    const ready = [await pieces.next()];
    if (from < wavHeadBytes) ready.push(await pieces.next());
    return streamOf(c, ready, pieces, to - from);
  } catch (cause) {
    if (cause instanceof SessionDeletedError) throw cause;
    log.warn("audio.not_opened", { trace_id: c.var.traceId, error: describeError(cause) });
    return undefined;
  }
}

type Pieces = AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>;

/** Out of the one file that finalize made of the track, if there is one; else chunk by chunk, from R2 or from the room. */
async function piecesOf(c: Context<AppEnv>, room: RoomApi, plan: WavPlan, from: number, to: number): Promise<Pieces> {
  const source = {
    bucket: c.env.RESULT_BUCKET,
    session: plan.session,
    sha256: (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest(),
    kept: async (track: string, first: number, last: number) => {
      const chunks = await room.call("keptChunks", track, first, last);
      if (!chunks.ok) throw new Error(`the room answered ${chunks.error}`);
      return chunks.value;
    },
  };
  const wav = { track: plan.track, span: plan.span, isGap: createGapTest(plan.gaps) };
  const stored = await openWhole(c, plan, from, to);
  if (!stored) return readWav(source, wav, from, to);
  const differs = (seq: number): void =>
    log.error("audio.whole_differs", { trace_id: c.var.traceId, key: plan.wholeKey ?? "", seq });
  return readWhole(source, wav, stored, { from, to, differs });
}

async function openWhole(
  c: Context<AppEnv>,
  plan: WavPlan,
  from: number,
  to: number,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const { wholeKey } = plan;
  if (wholeKey === null || to <= wavHeadBytes) return undefined;
  try {
    const range = secondsRange(plan, from, to);
    const object = await withTimeout(c.env.RESULT_BUCKET.get(wholeKey, { range }), r2TimeoutMs, "R2 get");
    return object?.body;
  } catch (cause) {
    // It may be there and be too short. The chunks have the same bytes.
    log.warn("audio.whole_not_opened", { trace_id: c.var.traceId, key: wholeKey, error: describeError(cause) });
    return undefined;
  }
}

function streamOf(
  c: Context<AppEnv>,
  ready: readonly IteratorResult<Uint8Array, void>[],
  pieces: Pieces,
  size: number,
): ReadableStream {
  const { readable, writable } = new FixedLengthStream(size);
  void (async () => {
    const writer = writable.getWriter();
    try {
      for (const { value } of ready) if (value) await writer.write(value);
      for await (const piece of pieces) await writer.write(piece);
      await writer.close();
    } catch (cause) {
      // The reader has left, or a second can't be read: better an answer cut short than a wrong one.
      logCut(c, cause);
      await writer.abort(cause).catch(() => undefined);
    } finally {
      await pieces.return();
    }
  })();
  return readable;
}

function logCut(c: Context<AppEnv>, cause: unknown): void {
  log.warn("audio.cut_short", { trace_id: c.var.traceId, error: describeError(cause) });
}
