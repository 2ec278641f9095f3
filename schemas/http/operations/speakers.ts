/** Who speaks: captions, corrections by people, and speaker resolve. */
import { limits } from "../../limits.ts";
import { resolveAnswerSchema, resolveBodySchema } from "../../speech/speakers.ts";
import { utterancesAnswerSchema, utterancesBodySchema } from "../../speech/utterances.ts";
import {
  bindingBodySchema,
  correctionAnswerSchema,
  mergeBodySchema,
  originBodySchema,
  retryAnswerSchema,
  retryBodySchema,
  turnBodySchema,
} from "../corrections.ts";
import { bySessions, byTracks, session, type Operation } from "../operation.ts";
import { idempotencyKeySchema } from "../queries.ts";

export const speakersOperations = {
  addUtterances: {
    method: "POST",
    path: `${session}/utterances`,
    summary: "Post captions from any source, or revise them.",
    access: byTracks("sessions:write", ["capture", "edit"]),
    body: { schema: utterancesBodySchema, maxBytes: limits.maxUtterancesBodyBytes },
    answers: {
      200: { description: "All were taken: what became of each, in order.", schema: utterancesAnswerSchema },
      207: {
        description: "Some were refused, each with its `code` and `detail`; the others were taken.",
        schema: utterancesAnswerSchema,
      },
    },
    errors: ["bad_request", "body_too_large", "session_not_found", "session_finalized", "session_deleted"],
  },
  bindSpeaker: {
    method: "PUT",
    path: `${session}/bindings/:cluster_id`,
    summary: "Confirm or correct a speaker's name.",
    access: bySessions("sessions:write", ["edit"]),
    body: { schema: bindingBodySchema, maxBytes: limits.maxCorrectionBodyBytes },
    answers: { 200: { description: "The events that it added.", schema: correctionAnswerSchema } },
    errors: [
      "bad_request",
      "body_too_large",
      "session_not_found",
      "cluster_not_found",
      "session_finalized",
      "session_deleted",
    ],
  },
  unbindSpeaker: {
    method: "DELETE",
    path: `${session}/bindings/:cluster_id`,
    summary: "Say that a speaker is not who it is said to be.",
    access: bySessions("sessions:write", ["edit"]),
    answers: { 200: { description: "The events that it added.", schema: correctionAnswerSchema } },
    errors: ["session_not_found", "cluster_not_found", "session_finalized", "session_deleted"],
  },
  mergeSpeakers: {
    method: "POST",
    path: `${session}/clusters/:cluster_id/merge`,
    summary: "Say that two clusters are one person.",
    access: bySessions("sessions:write", ["edit"]),
    body: { schema: mergeBodySchema, maxBytes: limits.maxCorrectionBodyBytes },
    answers: { 200: { description: "The events that it added.", schema: correctionAnswerSchema } },
    errors: [
      "bad_request",
      "body_too_large",
      "session_not_found",
      "cluster_not_found",
      "session_finalized",
      "session_deleted",
    ],
  },
  correctTurn: {
    method: "PATCH",
    path: `${session}/turns/:event_id`,
    summary: "Give a turn to another speaker, or judge a suggested name.",
    access: bySessions("sessions:write", ["edit"]),
    body: { schema: turnBodySchema, maxBytes: limits.maxCorrectionBodyBytes },
    answers: { 200: { description: "The events that it added.", schema: correctionAnswerSchema } },
    errors: [
      "bad_request",
      "body_too_large",
      "session_not_found",
      "turn_not_found",
      "cluster_not_found",
      "session_finalized",
      "session_deleted",
    ],
  },
  setTrackOrigin: {
    method: "PUT",
    path: `${session}/tracks/:track/origin`,
    summary: "Say when a track begins, by the wall clock: its place among the other tracks.",
    access: bySessions("sessions:write", ["edit"]),
    body: { schema: originBodySchema, maxBytes: limits.maxCorrectionBodyBytes },
    answers: { 200: { description: "The events that it added.", schema: correctionAnswerSchema } },
    errors: [
      "bad_request",
      "body_too_large",
      "invalid_track",
      "session_not_found",
      "track_not_found",
      "session_finalized",
      "session_deleted",
    ],
  },
  resolve: {
    method: "POST",
    path: `${session}/resolve`,
    summary: "Ask who speaks in a piece of audio. Opens the session if need be.",
    access: bySessions("sessions:write"),
    headers: {
      "x-idempotency-key": {
        schema: idempotencyKeySchema,
        description: "Asked again, the first answer is given again.",
      },
    },
    body: { schema: resolveBodySchema, maxBytes: limits.maxResolveBodyBytes },
    answers: { 200: { description: "The service's answer.", schema: resolveAnswerSchema } },
    errors: [
      "bad_request",
      "body_too_large",
      "invalid_idempotency_key",
      "session_finalized",
      "session_deleted",
      "too_many_sessions",
      "inference_failed",
      "inference_timeout",
      "inference_unavailable",
      "resolve_queue_full",
    ],
  },
  retryResolves: {
    method: "POST",
    path: `${session}/resolve/retry`,
    summary: "Try windows again that speaker resolve gave up.",
    access: bySessions("sessions:write", ["edit"]),
    body: { schema: retryBodySchema, maxBytes: limits.maxCorrectionBodyBytes },
    answers: { 200: { description: "How many windows were opened again.", schema: retryAnswerSchema } },
    errors: ["bad_request", "body_too_large", "session_not_found", "session_finalized", "session_deleted"],
  },
} as const satisfies Record<string, Operation>;
