/** A session itself: the list, opening, settings, deletion, and tokens for it. */
import { mintAnswerSchema, mintBodySchema } from "../../access.ts";
import { limits } from "../../limits.ts";
import { bySessions, session, type Operation } from "../operation.ts";
import { listQuerySchema } from "../queries.ts";
import {
  createSessionBodySchema,
  deletionPendingSchema,
  deletionReceiptSchema,
  sessionAnswerSchema,
  sessionConfigSchema,
  sessionSchema,
  sessionsPageSchema,
} from "../sessions.ts";

/** Of all that opens a session. */
const openingErrors = [
  "session_exists",
  "session_finalized",
  "session_deleted",
  "resolve_started",
  "invalid_webhook_url",
  "webhooks_not_set_up",
  "too_many_sessions",
] as const;

export const sessionsOperations = {
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
    underKey: "replayed",
    body: { schema: createSessionBodySchema, maxBytes: limits.maxSessionBodyBytes },
    answers: {
      201: { description: "Opened; `Location` is its state.", schema: sessionAnswerSchema },
      200: { description: "It is open with these settings already.", schema: sessionAnswerSchema },
    },
    errors: ["bad_request", "body_too_large", ...openingErrors, "idempotency_unavailable"],
  },
  getSession: {
    method: "GET",
    path: session,
    summary: "A session's settings, and how much there is of it.",
    access: bySessions("sessions:read", ["observe", "edit"]),
    answers: { 200: { description: "The session.", schema: sessionSchema } },
    errors: ["session_not_found", "session_deleted"],
  },
  configureSession: {
    method: "PATCH",
    path: session,
    summary: "Change a session's settings. What is not named stays.",
    access: bySessions("sessions:write"),
    underKey: "replayed",
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
    summary: "Mint a short-lived session token, and open its session first where that is asked.",
    access: bySessions("tokens:mint"),
    body: { schema: mintBodySchema, maxBytes: limits.maxMintBodyBytes },
    answers: { 201: { description: "The token; it is shown only here.", schema: mintAnswerSchema } },
    errors: ["bad_request", "body_too_large", "session_not_found", ...openingErrors, "tokens_not_set_up"],
  },
} as const satisfies Record<string, Operation>;
