/** Audio to text and text to audio, of no meeting. A call costs the gateway's model: what may have been done is not asked for twice. */
import { checkNumber } from "./check-number.ts";
import { voicesAnswerSchema } from "../../schemas/http/speech.ts";
import { limits } from "../../schemas/limits.ts";
import { type HeardSegment, heardSegmentSchema, transcriptionSchema } from "../../schemas/speech/transcription.ts";
import type { Caller, Request } from "./caller.ts";
import type { CallOptions } from "./call-options.ts";
import type { AudioTranscription, SpeechAudio, SpeechInput, SttOptions, TtsOptions, Voice } from "./speech-types.ts";
import { streamedAnswer } from "./streamed-answer.ts";
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
  checkNumber("timeoutMs", timeoutMs, 1);
  const request = { method: "POST", path, body, repeatable: false, timeoutMs, traceId: newTraceId(), signal } as const;
  if (!onSegment) return caller.json(request, transcriptionSchema);
  return heard(caller, request, onSegment);
}

async function heard(
  caller: Caller,
  request: Request & { readonly traceId: string },
  onSegment: (segment: HeardSegment) => void,
): Promise<AudioTranscription> {
  const answer = { maxEventChars, brokeOff: "broke off before all was heard.", read: readHeard };
  for await (const { segment, all } of streamedAnswer(caller, request, answer)) {
    if (segment) onSegment(segment);
    if (all) return all;
  }
  throw new Error("an answer that nobody left ended");
}

interface Heard {
  readonly segment?: HeardSegment;
  /** The whole of it, at the end. */
  readonly all?: AudioTranscription;
}

function readHeard(name: string | undefined, data: unknown): Heard | undefined {
  if (name === "segment") return { segment: heardSegmentSchema.parse(data) };
  return name === "done" ? { all: transcriptionSchema.parse(data) } : undefined;
}

export async function tts(
  caller: Caller,
  input: SpeechInput,
  { timeoutMs = ttsTimeoutMs, signal }: TtsOptions = {},
): Promise<SpeechAudio> {
  checkNumber("timeoutMs", timeoutMs, 1);
  const request = { method: "POST", path: "v1/tts", body: input, repeatable: false, timeoutMs, signal } as const;
  const { body, headers } = await caller.body(request, "audio/*");
  return { body, contentType: headers.get("content-type") ?? "", model: headers.get("x-model") ?? undefined };
}

export async function voices(caller: Caller, { signal }: CallOptions = {}): Promise<readonly Voice[]> {
  const request = { method: "GET", path: "v1/voices", repeatable: true, signal } as const;
  return (await caller.json(request, voicesAnswerSchema)).voices;
}
