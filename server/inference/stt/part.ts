/** Speech recognition over HTTP: OpenAI's transcription endpoint, answered whole or as server-sent events. */
import { refuse } from "../http/openai-error.ts";
import type { Part } from "../http/part.ts";
import { sse } from "../http/sse.ts";
import { type Hearing, Listener, type Refusal, type Segment, sttLimits } from "./listener.ts";
import { segmentOf, textOf, transcriptionAnswer, usageOf } from "./transcription-answer.ts";
import { readTranscriptionRequest } from "./transcription-request.ts";

export const sttModel = "moonshine-tiny";

export function openStt(): Part {
  const listener = new Listener();
  return {
    routes: { "POST /v1/audio/transcriptions": (request) => transcribe(request, listener) },
    summary: `${sttModel}: English speech to text, at POST /v1/audio/transcriptions.`,
    models: () => ({ [sttModel]: listener.isLoaded ? "loaded" : "idle" }),
    close: () => listener.stop(),
  };
}

async function transcribe(request: Request, listener: Listener): Promise<Response> {
  const read = await readTranscriptionRequest(request, sttLimits.maxBytes);
  if (!read.ok) return read.error;
  const { bytes, type, format, isStreamed, wantsWords } = read.value;
  const hearing = await listener.hear(bytes, type, request.signal);
  if (!hearing.ok) return refusalOf(hearing.error);
  if (isStreamed) return sse(events(hearing.value));
  const segments: Segment[] = [];
  for await (const segment of hearing.value.segments) segments.push(segment);
  return transcriptionAnswer({ durationMs: hearing.value.durationMs, segments }, format, wantsWords);
}

/** OpenAI's events, each segment with its times before its text is said as a delta. */
async function* events(hearing: Hearing): AsyncGenerator<Record<string, unknown>, void> {
  const segments: Segment[] = [];
  for await (const segment of hearing.segments) {
    yield { type: "transcript.text.segment", ...segmentOf(segment, segments.length) };
    yield { type: "transcript.text.delta", delta: `${segments.length === 0 ? "" : " "}${segment.text}` };
    segments.push(segment);
  }
  yield { type: "transcript.text.done", text: textOf(segments), usage: usageOf(hearing) };
}

function refusalOf(refusal: Refusal): Response {
  switch (refusal.reason) {
    case "busy": {
      const { retryAfterSeconds } = refusal;
      return refuse("overloaded", `Too much is being transcribed: try again in ${retryAfterSeconds} s.`, {
        retryAfterSeconds,
      });
    }
    case "unsupported":
      return refuse("unsupported_format", refusal.detail, { param: "file" });
    case "too_long":
      return refuse("audio_too_long", refusal.detail, { param: "file" });
    case "empty":
    case "damaged":
      return refuse("invalid_request", refusal.detail, { param: "file" });
  }
}
