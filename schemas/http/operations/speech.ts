/** Transcription and speech in the shapes of OpenAI's API: its clients work with nothing but their base URL changed. */
import { bySessions, type Operation } from "../operation.ts";

const errors = [
  "app_unavailable",
  "bad_request",
  "body_too_large",
  "unsupported_media",
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
} as const satisfies Record<string, Operation>;
