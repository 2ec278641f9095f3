/** A meeting's kept audio through a model that transcribes: begun, watched, called off. */
import { limits } from "../../limits.ts";
import { bySessions, session, type Operation } from "../operation.ts";
import { captionsStateSchema } from "../captions.ts";
import { transcribeBodySchema, transcriptionSchema } from "../transcriptions.ts";

const path = `${session}/transcribe`;
const errors = ["app_unavailable", "session_not_found", "session_deleted", "transcription_not_found"] as const;

export const transcriptionsOperations = {
  startTranscription: {
    method: "POST",
    path,
    summary:
      "Transcribe what is kept of a meeting, during it or after: utterances with times for each track, in place of what a model heard there before. What people wrote stays. Asked again while it runs, it is the same transcription.",
    access: bySessions("sessions:write", ["edit"]),
    perMinute: "transcriptionsPerMinute",
    body: { schema: transcribeBodySchema, maxBytes: limits.maxCorrectionBodyBytes },
    switchedBy: "captions",
    answers: { 202: { description: "How far it is.", schema: transcriptionSchema } },
    errors: [
      "app_unavailable",
      "session_not_found",
      "session_deleted",
      "track_not_found",
      "transcription_running",
      "model_unavailable",
      "bad_request",
      "body_too_large",
    ],
  },
  getTranscription: {
    method: "GET",
    path,
    summary: "How far the last transcription is.",
    access: bySessions("sessions:read", ["observe", "edit"]),
    answers: { 200: { description: "It.", schema: transcriptionSchema } },
    errors,
  },
  cancelTranscription: {
    method: "DELETE",
    path,
    summary: "Call the transcription off; what was transcribed stays. One that ended is left as it is.",
    access: bySessions("sessions:write", ["edit"]),
    answers: { 200: { description: "How far it came.", schema: transcriptionSchema } },
    errors,
  },
  getCaptions: {
    method: "GET",
    path: `${session}/captions`,
    summary: "How far the captions are that the app makes while the meeting goes on.",
    access: bySessions("sessions:read", ["observe", "edit"]),
    answers: { 200: { description: "It, track by track.", schema: captionsStateSchema } },
    errors: ["app_unavailable", "session_not_found", "session_deleted"],
  },
} as const satisfies Record<string, Operation>;
