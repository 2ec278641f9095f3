/** A meeting's transcription: begun, and watched until it ends. */
import { type Transcription, transcriptionSchema } from "../../schemas/http/transcriptions.ts";
import type { Caller } from "./caller.ts";
import { checkNumber } from "./check-number.ts";
import { sessionPath } from "./parts.ts";
import { RoomtoneTimeoutError } from "./results-errors.ts";
import type { CallOptions, TranscribeOptions } from "./call-options.ts";
import { pause } from "./retry.ts";
import { newTraceId } from "./trace.ts";

const defaultMaxWaitMs = 3_600_000;
const pollMs = 1_000;

export async function transcribe(
  caller: Caller,
  sessionId: string,
  { model, tracks, wait = true, maxWaitMs = defaultMaxWaitMs, onProgress, signal }: TranscribeOptions = {},
): Promise<Transcription> {
  checkNumber("maxWaitMs", maxWaitMs, 0);
  const path = sessionPath(sessionId, "transcribe");
  const body = { ...(model === undefined ? {} : { model }), ...(tracks === undefined ? {} : { tracks }) };
  const deadlineAt = performance.now() + maxWaitMs;
  // Asked again while it runs, it is the same one; one that ended meanwhile is done again, and says the same.
  const named = { method: "POST", path, traceId: newTraceId() } as const;
  const begun = { ...named, body, good: [202], repeatable: true, signal };
  let at = await caller.json(begun, transcriptionSchema);
  if (!wait) return at;
  while (at.status === "running") {
    onProgress?.(at);
    if (performance.now() + pollMs >= deadlineAt) {
      throw new RoomtoneTimeoutError(named, `was not done within ${maxWaitMs} ms, and goes on.`);
    }
    await pause(pollMs, signal);
    at = await transcription(caller, sessionId, { signal });
  }
  onProgress?.(at);
  return at;
}

export function transcription(caller: Caller, sessionId: string, { signal }: CallOptions = {}): Promise<Transcription> {
  const path = sessionPath(sessionId, "transcribe");
  return caller.json({ method: "GET", path, repeatable: true, signal }, transcriptionSchema);
}

export function cancelTranscription(
  caller: Caller,
  sessionId: string,
  { signal }: CallOptions = {},
): Promise<Transcription> {
  const path = sessionPath(sessionId, "transcribe");
  return caller.json({ method: "DELETE", path, repeatable: true, signal }, transcriptionSchema);
}
