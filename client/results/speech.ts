/** Audio to text and text to audio, of no meeting. A call costs the gateway's model: what may have been done is not asked for twice. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import * as z from "zod";
import { voicesAnswerSchema } from "../../schemas/http/speech.ts";
import { limits } from "../../schemas/limits.ts";
import { parseJson } from "../../schemas/lib/parse-json.ts";
import { type HeardSegment, heardSegmentSchema, transcriptionSchema } from "../../schemas/speech/transcription.ts";
import type { Caller, Request } from "./caller.ts";
import { RoomtoneError, RoomtoneHttpError, RoomtoneNetworkError } from "./results-errors.ts";
import type { CallOptions } from "./results-types.ts";
import type { AudioTranscription, SpeechAudio, SpeechInput, SttOptions, TtsOptions, Voice } from "./speech-types.ts";
import { newTraceId } from "./trace.ts";

/** A model takes minutes over half an hour of audio; the gateway gives up before that. */
const sttTimeoutMs = 330_000;
const ttsTimeoutMs = 60_000;
/** Of one event, which at the end holds all that was said. */
const maxEventChars = 8_000_000;

export async function stt(
  caller: Caller,
  audio: Blob | Uint8Array<ArrayBuffer> | ArrayBuffer,
  { type, language, prompt, words, model, onSegment, timeoutMs = sttTimeoutMs, signal }: SttOptions = {},
): Promise<AudioTranscription> {
  const body = new Blob([audio], {
    type: type ?? (audio instanceof Blob && audio.type !== "" ? audio.type : "audio/wav"),
  });
  if (body.size > limits.maxTranscriptionBodyBytes)
    throw new TypeError(`The audio is at most ${limits.maxTranscriptionBodyBytes} bytes: send it in parts.`);
  const given = { language, prompt, words: words === undefined ? undefined : String(words), model };
  const query = new URLSearchParams(
    Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const path = query.size === 0 ? "v1/stt" : `v1/stt?${query.toString()}`;
  const request = { method: "POST", path, body, repeatable: false, timeoutMs, traceId: newTraceId(), signal } as const;
  if (!onSegment) return caller.json(request, transcriptionSchema);
  return heard(caller, request, onSegment);
}

const failureSchema = z.object({ code: z.string(), message: z.string() });

async function heard(
  caller: Caller,
  request: Request & { readonly traceId: string },
  onSegment: (segment: HeardSegment) => void,
): Promise<AudioTranscription> {
  const { body } = await caller.body(request, "text/event-stream");
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream({ maxBufferSize: maxEventChars }))
    .getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new RoomtoneNetworkError(request, "broke off before all was heard.");
      const data = parseJson(value.data);
      if (value.event === "segment") onSegment(heardSegmentSchema.parse(data));
      if (value.event === "done") return transcriptionSchema.parse(data);
      if (value.event === "error") throw failureOf(request, failureSchema.parse(data));
    }
  } catch (cause) {
    request.signal?.throwIfAborted();
    if (cause instanceof RoomtoneError) throw cause;
    if (cause instanceof z.ZodError || cause instanceof SyntaxError)
      throw new RoomtoneNetworkError(request, "was answered with events that break the contract.");
    throw cause;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The answer had begun well: its status says nothing of this. */
function failureOf(
  request: Request & { readonly traceId: string },
  { code, message: detail }: z.infer<typeof failureSchema>,
): RoomtoneHttpError {
  return new RoomtoneHttpError(request, { code, status: 200, detail, retryAfterMs: undefined });
}

export async function tts(
  caller: Caller,
  input: SpeechInput,
  { timeoutMs = ttsTimeoutMs, signal }: TtsOptions = {},
): Promise<SpeechAudio> {
  const request = { method: "POST", path: "v1/tts", body: input, repeatable: false, timeoutMs, signal } as const;
  const { body, headers } = await caller.body(request, "audio/*");
  return { body, contentType: headers.get("content-type") ?? "", model: headers.get("x-model") ?? undefined };
}

export async function voices(caller: Caller, { signal }: CallOptions = {}): Promise<readonly Voice[]> {
  const request = { method: "GET", path: "v1/voices", repeatable: true, signal } as const;
  return (await caller.json(request, voicesAnswerSchema)).voices;
}
