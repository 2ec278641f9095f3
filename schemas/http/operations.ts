/**
 * Every route of the gateway, once: what it takes, what it answers, and who may use it. The Worker's router, its checks
 * and `openapi.json` are made from this table, so that none of them can know another contract.
 */
import type * as z from "zod";
import { mintAnswerSchema, mintBodySchema, type Role, type Scope } from "../access.ts";
import type { HttpErrorCode } from "../wire/errors.ts";
import {
  bindingBodySchema,
  correctionAnswerSchema,
  createSessionBodySchema,
  deletionPendingSchema,
  deletionReceiptSchema,
  eventsPageSchema,
  finalizeAnswerSchema,
  finalizeBodySchema,
  finalizePendingSchema,
  healthSchema,
  mergeBodySchema,
  retryAnswerSchema,
  retryBodySchema,
  sessionAnswerSchema,
  sessionConfigSchema,
  sessionResultSchema,
  sessionsPageSchema,
  sessionStateSchema,
  turnBodySchema,
} from "./bodies.ts";
import { limits } from "../limits.ts";
import {
  audioQuerySchema,
  eventsQuerySchema,
  idempotencyKeySchema,
  listQuerySchema,
  liveQuerySchema,
  trackQuerySchema,
} from "./queries.ts";
import { resolveAnswerSchema, resolveBodySchema } from "../speech/speakers.ts";
import { utterancesAnswerSchema, utterancesBodySchema } from "../speech/utterances.ts";
import { deliveriesAnswerSchema, deliverySchema } from "../webhooks.ts";

/**
 * Who may use a route: API keys with the scope, session tokens of one of the roles. `covers` says whether a route is
 * about tracks that it names, or about all of the session: an `observe` or `edit` token that names its tracks can't use
 * the latter. "public" asks for no credential.
 */
export type Access =
  | "public"
  | { readonly scope: Scope; readonly roles: readonly Role[]; readonly covers: "session" | "track" };

interface Answer {
  readonly description: string;
  /** Of a JSON answer. */
  readonly schema?: z.ZodType;
  /** Of any other answer with a body. */
  readonly contentType?: string;
}

export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `:name` stands for a part that a client fills in. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  /** The route takes a WebSocket upgrade; its messages are in `asyncapi.json`. */
  readonly isSocket?: true;
  readonly query?: z.ZodType;
  readonly headers?: Readonly<Record<string, { readonly schema?: z.ZodType; readonly description: string }>>;
  readonly body?: { readonly schema: z.ZodType; readonly maxBytes: number };
  readonly answers: Readonly<Record<number, Answer>>;
  /** Besides those that every route of its kind has (`commonErrors`). */
  readonly errors: readonly HttpErrorCode[];
}

const anyRole = ["capture", "observe", "edit"] as const;
const session = "/v1/sessions/:session_id";
const bySessions = (scope: Scope, roles: readonly Role[] = []): Access => ({ scope, roles, covers: "session" });
const byTracks = (scope: Scope, roles: readonly Role[]): Access => ({ scope, roles, covers: "track" });

const exportOf = (name: string, summary: string, contentType: string) =>
  ({
    method: "GET",
    path: `${session}/${name}`,
    summary,
    access: byTracks("sessions:read", ["observe", "edit"]),
    query: trackQuerySchema,
    answers: {
      200: { description: "The document as it stands; empty and valid where there is nothing yet.", contentType },
    },
    errors: ["session_not_found", "session_deleted", "invalid_track"],
  }) as const satisfies Operation;

export const operations = {
  health: {
    method: "GET",
    path: "/health",
    summary: "What runs here. Wakes no room.",
    access: "public",
    answers: { 200: { description: "The gateway serves.", schema: healthSchema } },
    errors: [],
  },
  openapi: {
    method: "GET",
    path: "/openapi.json",
    summary: "This document.",
    access: "public",
    headers: { "if-none-match": { description: "The `ETag` of the answer you have." } },
    answers: {
      200: { description: "OpenAPI 3.1.", contentType: "application/json" },
      304: { description: "What `If-None-Match` names is the document still." },
    },
    errors: [],
  },
  asyncapi: {
    method: "GET",
    path: "/asyncapi.json",
    summary: "The messages of the WebSockets.",
    access: "public",
    headers: { "if-none-match": { description: "The `ETag` of the answer you have." } },
    answers: {
      200: { description: "AsyncAPI 3.0.", contentType: "application/json" },
      304: { description: "What `If-None-Match` names is the document still." },
    },
    errors: [],
  },
  docs: {
    method: "GET",
    path: "/docs",
    summary: "Both documents as a page to read.",
    access: "public",
    headers: { "if-none-match": { description: "The `ETag` of the answer you have." } },
    answers: {
      200: { description: "A page that loads nothing else.", contentType: "text/html; charset=utf-8" },
      304: { description: "What `If-None-Match` names is the document still." },
    },
    errors: [],
  },
  ingest: {
    method: "GET",
    path: "/v1/audio/ws/:session_id",
    summary: "Stream a track's audio. Opens the session if need be.",
    access: byTracks("sessions:write", ["capture"]),
    isSocket: true,
    answers: { 101: { description: "The socket; refusals come on it as one `error` and a close." } },
    errors: [],
  },
  ingestTrack: {
    method: "GET",
    path: "/v1/audio/ws/:session_id/:track",
    summary: "Stream the audio of the track that the path names.",
    access: byTracks("sessions:write", ["capture"]),
    isSocket: true,
    answers: { 101: { description: "The socket; refusals come on it as one `error` and a close." } },
    errors: ["invalid_track"],
  },
  listSessions: {
    method: "GET",
    path: "/v1/sessions",
    summary: "List the tenant's sessions, newest first.",
    access: bySessions("sessions:read"),
    query: listQuerySchema,
    answers: { 200: { description: "A page.", schema: sessionsPageSchema } },
    errors: ["bad_request", "index_unavailable"],
  },
  createSession: {
    method: "POST",
    path: "/v1/sessions",
    summary: "Open a session with settings, before audio comes.",
    access: bySessions("sessions:write"),
    body: { schema: createSessionBodySchema, maxBytes: limits.maxSessionBodyBytes },
    answers: {
      201: { description: "Opened; `Location` is its state.", schema: sessionAnswerSchema },
      200: { description: "It is open with these settings already.", schema: sessionAnswerSchema },
    },
    errors: [
      "bad_request",
      "body_too_large",
      "session_exists",
      "session_finalized",
      "session_deleted",
      "resolve_started",
      "invalid_webhook_url",
      "webhooks_not_set_up",
      "too_many_sessions",
    ],
  },
  configureSession: {
    method: "PATCH",
    path: session,
    summary: "Change a session's settings. What is not named stays.",
    access: bySessions("sessions:write"),
    body: { schema: sessionConfigSchema, maxBytes: limits.maxSessionBodyBytes },
    answers: { 200: { description: "The settings that hold.", schema: sessionAnswerSchema } },
    errors: [
      "bad_request",
      "body_too_large",
      "session_not_found",
      "session_finalized",
      "session_deleted",
      "resolve_started",
      "invalid_webhook_url",
      "webhooks_not_set_up",
    ],
  },
  deleteSession: {
    method: "DELETE",
    path: session,
    summary: "Delete audio, result and all that the room keeps.",
    access: bySessions("sessions:write"),
    answers: {
      200: { description: "The receipt. The same however often it is asked.", schema: deletionReceiptSchema },
      202: { description: "It goes on by itself; ask again for the receipt.", schema: deletionPendingSchema },
    },
    errors: ["session_not_found"],
  },
  mintToken: {
    method: "POST",
    path: `${session}/tokens`,
    summary: "Mint a short-lived session token.",
    access: bySessions("tokens:mint"),
    body: { schema: mintBodySchema, maxBytes: limits.maxMintBodyBytes },
    answers: { 201: { description: "The token; it is shown only here.", schema: mintAnswerSchema } },
    errors: ["bad_request", "body_too_large", "session_not_found", "session_deleted", "tokens_not_set_up"],
  },
  getState: {
    method: "GET",
    path: `${session}/state`,
    summary: "Where the session stands: speakers, and every track's watermarks.",
    access: bySessions("sessions:read", anyRole),
    answers: { 200: { description: "The state.", schema: sessionStateSchema } },
    errors: ["session_not_found", "session_deleted"],
  },
  getEvents: {
    method: "GET",
    path: `${session}/events`,
    summary: "The event log, in pages; with `Accept: text/event-stream`, live.",
    access: bySessions("sessions:read", anyRole),
    query: eventsQuerySchema,
    headers: { "last-event-id": { description: "Of a stream that goes on: goes before `after`." } },
    answers: {
      200: { description: "A page, or a stream of server-sent events.", schema: eventsPageSchema },
      204: { description: "To a stream: the session is finalized, and nothing follows." },
    },
    errors: ["bad_request", "session_not_found", "session_deleted"],
  },
  live: {
    method: "GET",
    path: `${session}/live`,
    summary: "Watch the event log over a WebSocket.",
    access: bySessions("sessions:read", anyRole),
    isSocket: true,
    query: liveQuerySchema,
    answers: { 101: { description: "The socket; refusals come on it as one `error` and a close." } },
    errors: ["bad_request"],
  },
  addUtterances: {
    method: "POST",
    path: `${session}/utterances`,
    summary: "Post captions from any source, or revise them.",
    access: byTracks("sessions:write", ["capture", "edit"]),
    body: { schema: utterancesBodySchema, maxBytes: limits.maxUtterancesBodyBytes },
    answers: { 200: { description: "What became of each, in order.", schema: utterancesAnswerSchema } },
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
  finalize: {
    method: "POST",
    path: `${session}/finalize`,
    summary: "End the meeting and write its result.",
    access: bySessions("sessions:write"),
    body: { schema: finalizeBodySchema, maxBytes: limits.maxFinalizeBodyBytes },
    answers: {
      200: { description: "Finalized.", schema: finalizeAnswerSchema },
      202: { description: "It goes on by itself; `Location` is the result.", schema: finalizePendingSchema },
    },
    errors: ["bad_request", "body_too_large", "session_not_found", "session_deleted"],
  },
  getResult: {
    method: "GET",
    path: `${session}/result`,
    summary: "`result.json` of a finalized session.",
    access: bySessions("sessions:read", ["observe", "edit"]),
    headers: { "if-none-match": { description: "The `ETag` of the answer you have." } },
    answers: {
      200: { description: "The result, with its `ETag`.", schema: sessionResultSchema },
      304: { description: "What `If-None-Match` names is the result still." },
    },
    errors: ["session_not_found", "not_finalized", "session_deleted", "result_unavailable"],
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
  exportRttm: exportOf("speakers.rttm", "Who speaks when, as RTTM.", "text/plain; charset=utf-8"),
  exportVtt: exportOf("transcript.vtt", "The transcript as WebVTT, with voice tags.", "text/vtt; charset=utf-8"),
  exportSrt: exportOf("transcript.srt", "The transcript as SubRip.", "application/x-subrip; charset=utf-8"),
  exportText: exportOf("transcript.txt", "The transcript as plain text.", "text/plain; charset=utf-8"),
  listDeliveries: {
    method: "GET",
    path: `${session}/webhooks`,
    summary: "What became of the session's webhooks, newest first.",
    access: bySessions("sessions:read"),
    answers: { 200: { description: "The log.", schema: deliveriesAnswerSchema } },
    errors: ["session_not_found", "session_deleted"],
  },
  resendDelivery: {
    method: "POST",
    path: `${session}/webhooks/:delivery_id/resend`,
    summary: "Send a webhook again now.",
    access: bySessions("sessions:write"),
    answers: { 202: { description: "It is tried again.", schema: deliverySchema } },
    errors: ["session_not_found", "delivery_not_found", "session_deleted"],
  },
} as const satisfies Record<string, Operation>;

export type OperationId = keyof typeof operations;

/** The errors of a route that go without saying. */
export function commonErrors(operation: Operation): readonly HttpErrorCode[] {
  const always = ["misconfigured", "internal", "origin_not_allowed"] as const;
  const inPath = operation.path.includes(":session_id") ? (["invalid_session_id"] as const) : [];
  const upgrade = operation.isSocket ? (["upgrade_required"] as const) : [];
  // A socket is told on the socket.
  const guarded =
    operation.access === "public" || operation.isSocket
      ? []
      : (["unauthorized", "token_expired", "forbidden", "rate_limited", "keys_unavailable"] as const);
  return [...always, ...inPath, ...upgrade, ...guarded];
}
