/** The end of a meeting, and what can be fetched of it during the meeting and after: result, audio, exports. */
import { limits } from "../../limits.ts";
import { finalizeAnswerSchema, finalizeBodySchema, finalizePendingSchema } from "../finalize.ts";
import { bySessions, byTracks, session, type Operation } from "../operation.ts";
import { peaksAnswerSchema } from "../peaks.ts";
import { audioQuerySchema, peaksQuerySchema, resultQuerySchema, trackQuerySchema } from "../queries.ts";
import { sessionResultSchema } from "../result.ts";
import { resultVersionsSchema } from "../versions.ts";

const exportOf = (name: string, summary: string, contentType: string) =>
  ({
    method: "GET",
    path: `${session}/${name}`,
    summary,
    access: byTracks("sessions:read", ["observe", "edit"]),
    query: trackQuerySchema,
    headers: { "if-none-match": { description: "The `ETag` of the answer you have." } },
    answers: {
      200: { description: "The document as it stands; empty and valid where there is nothing yet.", contentType },
      304: { description: "What `If-None-Match` names is the document still." },
    },
    errors: ["session_not_found", "track_not_found", "session_deleted", "invalid_track"],
  }) as const satisfies Operation;

export const resultsOperations = {
  finalize: {
    method: "POST",
    path: `${session}/finalize`,
    summary: "End the meeting and write its result.",
    access: bySessions("sessions:write"),
    underKey: "anew",
    body: { schema: finalizeBodySchema, maxBytes: limits.maxFinalizeBodyBytes },
    answers: {
      200: { description: "Finalized.", schema: finalizeAnswerSchema },
      202: { description: "It goes on by itself; `Location` is the result.", schema: finalizePendingSchema },
    },
    errors: ["bad_request", "body_too_large", "session_not_found", "session_finalized", "session_deleted"],
  },
  getResult: {
    method: "GET",
    path: `${session}/result`,
    summary: "`result.json` of a finalized session.",
    access: bySessions("sessions:read", ["observe", "edit"]),
    query: resultQuerySchema,
    headers: { "if-none-match": { description: "The `ETag` of the answer you have." } },
    answers: {
      200: {
        description: "The result, with its `ETag`, `x-result-version` and `x-result-pending`.",
        schema: sessionResultSchema,
      },
      304: { description: "What `If-None-Match` names is the result still." },
    },
    errors: [
      "bad_request",
      "session_not_found",
      "version_not_found",
      "not_finalized",
      "session_deleted",
      "result_unavailable",
    ],
  },
  listResults: {
    method: "GET",
    path: `${session}/results`,
    summary: "The versions of the result, and what made each.",
    access: bySessions("sessions:read", ["observe", "edit"]),
    answers: { 200: { description: "Newest first.", schema: resultVersionsSchema } },
    errors: ["session_not_found", "not_finalized", "session_deleted"],
  },
  getAudio: {
    method: "GET",
    path: `${session}/audio.wav`,
    summary: "A track's audio, during the meeting and after; gaps are silence.",
    access: byTracks("sessions:read", ["observe", "edit"]),
    query: audioQuerySchema,
    headers: {
      range: { description: "One range of bytes (RFC 9110 §14)." },
      "if-range": { description: "`Range` counts only while the file has this `ETag`." },
      "if-none-match": { description: "The `ETag` of the answer you have." },
    },
    answers: {
      200: { description: "The WAV.", contentType: "audio/wav" },
      206: { description: "The part of it that `Range` names.", contentType: "audio/wav" },
      304: { description: "What `If-None-Match` names is the file still." },
    },
    errors: [
      "bad_request",
      "invalid_track",
      "session_not_found",
      "track_not_found",
      "session_deleted",
      "audio_too_long",
      "range_not_satisfiable",
      "audio_unavailable",
    ],
  },
  getPeaks: {
    method: "GET",
    path: `${session}/peaks`,
    summary: "A track's waveform, during the meeting and after, as far as its audio is in R2.",
    access: byTracks("sessions:read", ["observe", "edit"]),
    query: peaksQuerySchema,
    headers: { "if-none-match": { description: "The `ETag` of the answer you have." } },
    answers: {
      200: { description: "The waveform; with an `ETag` once it stays as it is.", schema: peaksAnswerSchema },
      304: { description: "What `If-None-Match` names is the waveform still." },
    },
    errors: [
      "bad_request",
      "invalid_track",
      "session_not_found",
      "track_not_found",
      "session_deleted",
      "audio_unavailable",
    ],
  },
  exportRttm: exportOf("speakers.rttm", "Who speaks when, as RTTM.", "text/plain; charset=utf-8"),
  exportVtt: exportOf("transcript.vtt", "The transcript as WebVTT, with voice tags.", "text/vtt; charset=utf-8"),
  exportSrt: exportOf("transcript.srt", "The transcript as SubRip.", "application/x-subrip; charset=utf-8"),
  exportText: exportOf("transcript.txt", "The transcript as plain text.", "text/plain; charset=utf-8"),
} as const satisfies Record<string, Operation>;
