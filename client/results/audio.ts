/** A track's WAV, as a stream: what is asked for, and what the answer's headers say of it. */
import type { OpenBody } from "./body.ts";
import { type Caller } from "./caller.ts";
import { type FailedCall, RoomtoneAnswerError } from "./results-errors.ts";
import type { AudioAnswer, AudioOptions } from "./call-options.ts";
import { newTraceId } from "./trace.ts";

const partial = 206;

/** @param path of the audio route. @throws what the caller does, and TypeError for numbers that are no places. */
export async function openAudio(caller: Caller, path: string, options: AudioOptions): Promise<AudioAnswer> {
  const { track, fromMs, toMs, range, ifRange, signal } = options;
  const query = new URLSearchParams();
  if (track !== undefined) query.set("track", track);
  if (fromMs !== undefined) query.set("from_ms", String(place("fromMs", fromMs)));
  if (toMs !== undefined) query.set("to_ms", String(place("toMs", toMs)));
  const call: FailedCall = {
    method: "GET",
    path: query.size === 0 ? path : `${path}?${query.toString()}`,
    traceId: newTraceId(),
  };
  const headers = {
    ...(range && { range: rangeHeader(range) }),
    ...(ifRange === undefined ? {} : { "if-range": ifRange }),
  };
  const open = await caller.body({ ...call, headers, good: [200, partial], repeatable: true, signal }, "audio/wav");
  return { ...placeOf(call, open), body: open.body, etag: open.headers.get("etag") ?? undefined };
}

function place(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`${name} is a whole number from 0.`);
}

function rangeHeader({ from, to }: NonNullable<AudioOptions["range"]>): string {
  return `bytes=${place("range.from", from)}-${to === undefined ? "" : place("range.to", to)}`;
}

/** What of the file the body is (RFC 9110 §14.4). */
function placeOf(call: FailedCall, { status, headers, length, body }: OpenBody): Omit<AudioAnswer, "body" | "etag"> {
  if (status !== partial) return { range: undefined, length, size: length };
  const [, from, to, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("content-range") ?? "") ?? [];
  if (size === undefined) {
    void body.cancel();
    throw new RoomtoneAnswerError(call, "was answered with a part that does not say which: no Content-Range is seen.");
  }
  const range = { from: Number(from), to: Number(to) };
  return { range, length: range.to - range.from + 1, size: Number(size) };
}
