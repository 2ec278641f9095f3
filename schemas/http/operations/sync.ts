/** What is the same on every device of a user (SPEC SY). Everything here is the caller's own: of a key, or of a token's subject. */
import { limits } from "../../limits.ts";
import { byCaller, type Operation } from "../operation.ts";
import {
  bodyStateSchema,
  startBodySchema,
  syncAdaptersBodySchema,
  syncAnswerSchema,
  syncHistoryAnswerSchema,
  syncHistoryBodySchema,
  syncKnowledgeBodySchema,
  syncLockAnswerSchema,
  syncLockBodySchema,
  syncSettingsBodySchema,
  syncStatusSchema,
} from "../sync.ts";

const access = byCaller("sessions:read", ["observe", "edit"]);
const maxBytes = limits.maxSyncRequestBytes;
const errors = ["app_unavailable", "sync_unavailable"] as const;
const pushing = [...errors, "body_too_large", "sync_locked", "fence_stale", "idempotency_mismatch"] as const;
const pulled = { 200: { description: "What became of the changes, and what is new.", schema: syncAnswerSchema } };
const body = "/v1/sync/bodies/:sha256";

export const syncOperations = {
  syncSettings: {
    method: "POST",
    path: "/v1/sync/settings",
    summary:
      "Pushes a device's changes of settings and pulls what is new after `since`, in one. Where two devices changed one document without knowing of each other, what came first stands, and what came second is kept as a conflict until somebody chooses.",
    access,
    body: { schema: syncSettingsBodySchema, maxBytes },
    answers: pulled,
    errors: pushing,
  },
  syncKnowledge: {
    method: "POST",
    path: "/v1/sync/knowledge",
    summary:
      "The same for knowledge: text, Markdown, the text of PDFs. Chat finds what stands in them, and cites the place.",
    access,
    body: { schema: syncKnowledgeBodySchema, maxBytes },
    answers: pulled,
    errors: pushing,
  },
  syncAdapters: {
    method: "POST",
    path: "/v1/sync/adapters",
    summary: "The same for adapters (LoRA), which are stored and given again, nothing more.",
    access,
    body: { schema: syncAdaptersBodySchema, maxBytes },
    answers: pulled,
    errors: pushing,
  },
  syncLora: {
    method: "POST",
    path: "/v1/sync/lora",
    summary: "`POST /v1/sync/adapters` for clients that call it so.",
    access,
    body: { schema: syncAdaptersBodySchema, maxBytes },
    answers: pulled,
    errors: pushing,
  },
  syncHistory: {
    method: "POST",
    path: "/v1/sync/history",
    summary:
      "The same for the chats of `/v1/chats`, which both show: title, context, model and deletion are pushed here; messages are read with `GET /v1/chats/:chat_id`.",
    access,
    body: { schema: syncHistoryBodySchema, maxBytes },
    answers: {
      200: { description: "What became of the changes, and which chats are new.", schema: syncHistoryAnswerSchema },
    },
    errors: [...errors, "body_too_large", "idempotency_mismatch"],
  },
  syncStatus: {
    method: "GET",
    path: "/v1/sync/status",
    summary: "How much there is, what is in conflict, which devices were here, and who holds the lock.",
    access,
    answers: { 200: { description: "As it is now.", schema: syncStatusSchema } },
    errors,
  },
  lockSync: {
    method: "POST",
    path: "/v1/sync/lock",
    summary:
      "Takes the lock for 30 s, renews it, or gives it free. While a device holds it nobody else pushes; once it lapsed another device may take it, and a push with the older `fence` is refused.",
    access,
    body: { schema: syncLockBodySchema, maxBytes: limits.maxCorrectionBodyBytes },
    answers: { 200: { description: "The lock, as it is now.", schema: syncLockAnswerSchema } },
    errors: [...errors, "body_too_large", "sync_locked", "fence_stale"],
  },
  startBody: {
    method: "POST",
    path: "/v1/sync/bodies",
    summary:
      "Begins or continues an upload: says which parts are here. What the caller has uploaded before need not be sent again; that somebody else has is not told.",
    access,
    body: { schema: startBodySchema, maxBytes: limits.maxCorrectionBodyBytes },
    answers: { 200: { description: "What is here of it.", schema: bodyStateSchema } },
    errors: [...errors, "body_too_large", "sync_full"],
  },
  putBodyPart: {
    method: "PUT",
    path: `${body}/parts/:part`,
    summary: "Sends one part of an upload, in any order. The same part again takes the place of the one before.",
    access,
    bytesBody: { maxBytes: limits.syncPartBytes },
    answers: { 200: { description: "What is here of it.", schema: bodyStateSchema } },
    errors: [...errors, "body_too_large", "body_not_found"],
  },
  completeBody: {
    method: "POST",
    path: `${body}/complete`,
    summary:
      "Ends an upload: it is read once more, and kept if its SHA-256 is the one that it goes by. From then on documents may name it.",
    access,
    answers: { 200: { description: "It is kept.", schema: bodyStateSchema } },
    errors: [...errors, "body_not_found", "upload_incomplete", "body_mismatch"],
  },
  getBody: {
    method: "GET",
    path: body,
    summary: "A body that the caller has uploaded, or that a document of theirs names.",
    access,
    answers: { 200: { description: "Its bytes.", contentType: "application/octet-stream" } },
    errors: [...errors, "body_not_found"],
  },
} as const satisfies Record<string, Operation>;
