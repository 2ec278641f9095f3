/**
 * `POST /speaker/review`: a meeting's audio in, who speaks when out. The body is s16le at 16 kHz, mono, taken as fast as it is heard, so
 * that a meeting of hours is never held; a caller who leaves ends the work. Nothing is kept after the answer. Speakers are told apart
 * and not named: who they were to the room, the room knows.
 */
import { randomUUID } from "node:crypto";
import { bytesPerSample, sampleRateHz } from "../../../schemas/wire/audio.ts";
import type { Handler } from "../http/part.ts";
import { Gate } from "../threads/gate.ts";
import type { Thread } from "../threads/thread.ts";
import type { ReviewedSegment } from "./review.ts";
import type { ReviewPiece } from "./voice-thread.ts";

export const reviewPath = "/speaker/review";

/** A review holds what it heard, 3 kB a quarter of a second, so they go one after the other. */
const gateLimits = { maxJobs: 1, maxBytes: 0 } as const;
const maxSeconds = 3 * 3_600;
const bytesPerSecond = bytesPerSample * sampleRateHz;
/** Handed to the thread at a time: windows of meetings that go on are resolved in between. */
const pieceBytes = 10 * bytesPerSecond;
const leastBytes = bytesPerSecond / 10;

export function createReviewHandler(thread: Thread): Handler {
  const gate = new Gate(gateLimits, () => performance.now());
  return async (request) => {
    const place = gate.enter(0);
    if (!place.ok) return busy(place.error.retryAfterSeconds);
    const held = thread.hold();
    const id = randomUUID();
    try {
      await thread.call("beginReview", id);
      const bytes = await hear(request, (samples) => thread.call("addToReview", { id, samples } satisfies ReviewPiece));
      if (bytes === "too_long") return refuse(413, `the audio is longer than ${maxSeconds} s`);
      if (bytes < leastBytes || bytes % bytesPerSample !== 0)
        return refuse(422, "the body must be s16le at 16 kHz, mono: whole samples, 100 ms of them or more");
      return Response.json({ segments: await thread.call<ReviewedSegment[]>("endReview", id) });
    } finally {
      await thread.call("dropReview", id).catch((cause: unknown) => console.error(cause));
      held.release();
      place.value.leave();
    }
  };
}

/** @returns the bytes of the body. @throws what reading it throws, such as that its sender left. */
async function hear(
  { body, signal }: Request,
  take: (samples: Int16Array<ArrayBuffer>) => Promise<unknown>,
): Promise<number | "too_long"> {
  let bytes = 0;
  let piece = new Uint8Array(pieceBytes);
  let filled = 0;
  for await (const chunk of body ?? []) {
    signal.throwIfAborted();
    bytes += chunk.length;
    if (bytes > maxSeconds * bytesPerSecond) return "too_long";
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + pieceBytes - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < pieceBytes) continue;
      await take(new Int16Array(piece.buffer));
      piece = new Uint8Array(pieceBytes);
      filled = 0;
    }
  }
  if (filled >= bytesPerSample) await take(new Int16Array(piece.buffer.slice(0, filled - (filled % bytesPerSample))));
  return bytes;
}

function busy(retryAfterSeconds: number): Response {
  return refuse(503, `Another meeting is being reviewed: try again in ${retryAfterSeconds} s.`, {
    "retry-after": String(retryAfterSeconds),
  });
}

function refuse(status: number, detail: string, headers: Record<string, string> = {}): Response {
  const content = { "content-type": "application/problem+json", ...headers };
  return Response.json({ title: "cannot review", status, detail }, { status, headers: content });
}
