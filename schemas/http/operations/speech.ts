/**
 * Transcription and speech: in our own shape, in that of OpenAI's API, whose clients work with nothing but their base URL changed, and
 * under the names that other apps call them by.
 */
import { limits } from "../../limits.ts";
import { transcriptionSchema } from "../../speech/transcription.ts";
import {
  chooseModelsBodySchema,
  modelsAnswerSchema,
  sttQuerySchema,
  ttsBodySchema,
  voicesAnswerSchema,
} from "../speech.ts";
import { bySessions, type Operation } from "../operation.ts";

const errors = [
  "app_unavailable",
  "bad_request",
  "body_too_large",
  "unsupported_media",
  "budget_exhausted",
  "model_failed",
  "model_unavailable",
  "model_timeout",
] as const;

export const speechOperations = {
  transcribeAudio: {
    method: "POST",
    path: "/v1/audio/transcriptions",
    summary:
      "Speech to text: a multipart form with `file`, as OpenAI's `audio.transcriptions.create` sends it. `response_format` is json, verbose_json, text, srt or vtt; with `stream=true` the answer comes as server-sent events.",
    access: bySessions("speech"),
    takesAnything: true,
    perMinute: "transcriptionsPerMinute",
    answers: { 200: { description: "What was said, as `response_format` asks.", contentType: "application/json" } },
    errors,
  },
  createSpeech: {
    method: "POST",
    path: "/v1/audio/speech",
    summary:
      "Text to speech: `{input, voice?, response_format?, speed?}` as JSON, as OpenAI's `audio.speech.create` sends it. `response_format` is wav, or pcm at 24 kHz; the audio comes sentence by sentence.",
    access: bySessions("speech"),
    takesAnything: true,
    perMinute: "speechPerMinute",
    answers: { 200: { description: "The audio.", contentType: "audio/wav" } },
    errors,
  },
  listModels: {
    method: "GET",
    path: "/v1/models",
    summary: "The models that answer here, in the shape of OpenAI's API.",
    access: bySessions("speech"),
    takesAnything: true,
    answers: { 200: { description: "They, the preferred one of each kind first.", contentType: "application/json" } },
    errors: ["app_unavailable"],
  },
  transcribe: {
    method: "POST",
    path: "/v1/stt",
    summary:
      "Speech to text: the body is the audio (WAV, WebM, Ogg, MP4, or samples as `audio/L16; rate=…`, little-endian), or a multipart form with `file`. Silence and noise give no words. With `Accept: text/event-stream` the answer comes as events: `segment` as each is heard, then `done` with all of it, or `error`.",
    access: bySessions("speech"),
    query: sttQuerySchema,
    audioBody: { maxBytes: limits.maxTranscriptionBodyBytes },
    perMinute: "transcriptionsPerMinute",
    answers: { 200: { description: "What was said.", schema: transcriptionSchema } },
    errors,
  },
  speak: {
    method: "POST",
    path: "/v1/tts",
    summary:
      "Text to speech: audio that is streamed from its first sentence on. The same text, voice and format again come from a cache.",
    access: bySessions("speech"),
    body: { schema: ttsBodySchema, maxBytes: limits.maxSpeechBodyBytes },
    perMinute: "speechPerMinute",
    answers: { 200: { description: "The audio.", contentType: "audio/wav" } },
    errors,
  },
  listVoices: {
    method: "GET",
    path: "/v1/voices",
    summary: "The voices of the models that may speak here.",
    access: bySessions("speech"),
    answers: { 200: { description: "They, those of the preferred model first.", schema: voicesAnswerSchema } },
    errors: ["app_unavailable"],
  },
  chooseModels: {
    method: "PUT",
    path: "/v1/models",
    summary:
      "Says which models the tenant prefers, among those that the deployment allows. It goes before the deployment's own order, and a request's `model` before both.",
    access: bySessions("admin"),
    body: { schema: chooseModelsBodySchema, maxBytes: limits.maxCorrectionBodyBytes },
    answers: { 200: { description: "The models, as they are now.", schema: modelsAnswerSchema } },
    errors: ["app_unavailable", "body_too_large", "index_unavailable"],
  },
  apiStt: {
    method: "POST",
    path: "/api/stt",
    summary:
      "`POST /v1/stt` for clients that call it so: unknown fields are taken, and the answer has `traceId` beside `trace_id`.",
    access: bySessions("speech"),
    takesAnything: true,
    perMinute: "transcriptionsPerMinute",
    answers: { 200: { description: "What was said.", contentType: "application/json" } },
    errors,
  },
  apiTts: {
    method: "POST",
    path: "/api/tts",
    summary: "`POST /v1/tts` for clients that call it so: unknown fields are taken.",
    access: bySessions("speech"),
    takesAnything: true,
    perMinute: "speechPerMinute",
    answers: { 200: { description: "The audio.", contentType: "audio/wav" } },
    errors,
  },
} as const satisfies Record<string, Operation>;
