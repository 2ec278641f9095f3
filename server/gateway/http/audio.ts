/**
 * `GET` and `HEAD /v1/sessions/:session_id/audio.wav`. The room says what the file holds and what of it is where; the
 * bytes come straight from R2, except for the chunks that only the room has. Nothing is read before it is asked for.
 */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import { bytesPerSample } from "../../../schemas/wire/audio.ts";
import { audioQuerySchema } from "../../../schemas/http/queries.ts";
import { wavHeadBytes } from "../../../schemas/speech/wav-head.ts";
import { fitsWav, wavBytes, wavHeader } from "../results/wav/wav.ts";
import { createGapTest, type WavPlan } from "../results/wav/wav-plan.ts";
import { readWav } from "../results/wav/wav-reader.ts";
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

/** The bytes as a stream, once the first of them have arrived; undefined where they can't be read. */
async function open(
  c: Context<AppEnv>,
  room: RoomApi,
  plan: WavPlan,
  from: number,
  to: number,
): Promise<ReadableStream | undefined> {
  try {
    return (await openWhole(c, plan, from, to)) ?? (await openChunks(c, room, plan, from, to));
  } catch (cause) {
    if (cause instanceof SessionDeletedError) throw cause;
    log.warn("audio.not_opened", { trace_id: c.var.traceId, error: describeError(cause) });
    return undefined;
  }
}

/** Reads the one file that finalize made of the track, if there is one. */
async function openWhole(
  c: Context<AppEnv>,
  { wholeKey, span }: WavPlan,
  from: number,
  to: number,
): Promise<ReadableStream | undefined> {
  if (wholeKey === null || to <= wavHeadBytes) return undefined;
  const fromData = Math.max(from, wavHeadBytes);
  const range = { offset: fromData + span.fromSample * bytesPerSample, length: to - fromData };
  const object = await withTimeout(c.env.RESULT_BUCKET.get(wholeKey, { range }), r2TimeoutMs, "R2 get");
  if (!object) return undefined;
  const { readable, writable } = new FixedLengthStream(to - from);
  void (async () => {
    if (from < wavHeadBytes) {
      const writer = writable.getWriter();
      await writer.write(wavHeader(span).subarray(from));
      writer.releaseLock();
    }
    await object.body.pipeTo(writable);
  })().catch((cause: unknown) => logCut(c, cause));
  return readable;
}

/** Reads chunk by chunk, from R2 or from the room, wherever each is. */
async function openChunks(
  c: Context<AppEnv>,
  room: RoomApi,
  plan: WavPlan,
  from: number,
  to: number,
): Promise<ReadableStream> {
  const kept = async (track: string, first: number, last: number) => {
    const chunks = await room.call("keptChunks", track, first, last);
    if (!chunks.ok) throw new Error(`the room answered ${chunks.error}`);
    return chunks.value;
  };
  const source = {
    bucket: c.env.RESULT_BUCKET,
    session: plan.session,
    sha256: (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest(),
    kept,
  };
  const wav = { track: plan.track, span: plan.span, isGap: createGapTest(plan.gaps) };
  const pieces = readWav(source, wav, from, to);
  // The header needs no read: only the first chunk shows whether the audio can be read.
  const ready = [await pieces.next()];
  if (from < wavHeadBytes) ready.push(await pieces.next());
  const { readable, writable } = new FixedLengthStream(to - from);
  void (async () => {
    const writer = writable.getWriter();
    try {
      for (const { value } of ready) if (value) await writer.write(value);
      for await (const piece of pieces) await writer.write(piece);
      await writer.close();
    } catch (cause) {
      // The reader has left, or a chunk can't be read: better an answer cut short than a wrong one.
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
