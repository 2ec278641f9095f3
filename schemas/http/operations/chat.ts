/**
 * Chat: questions on meetings, answered from what was said in them; chats that are kept; OpenAI's shape of the same; and the router for
 * local assistants.
 */
import { limits } from "../../limits.ts";
import { chatAnswerSchema, chatBodySchema } from "../chat.ts";
import {
  addMessageBodySchema,
  chatSchema,
  chatsPageSchema,
  chatWithMessagesSchema,
  createChatBodySchema,
  escalateAnswerSchema,
  escalateBodySchema,
  listChatsQuerySchema,
  routerStatusSchema,
  updateChatBodySchema,
} from "../chats.ts";
import { byCaller, type Operation } from "../operation.ts";

const access = byCaller("sessions:read", ["observe", "edit"]);
const chat = "/v1/chats/:chat_id";
const maxBytes = limits.maxChatBodyBytes;
const asking = [
  "app_unavailable",
  "bad_request",
  "body_too_large",
  "session_not_found",
  "session_deleted",
  "budget_exhausted",
  "model_failed",
  "model_unavailable",
  "model_timeout",
] as const;
const ofChat = ["app_unavailable", "chat_not_found"] as const;

export const chatOperations = {
  chat: {
    method: "POST",
    path: "/v1/chat",
    summary:
      "Asks meetings: one, some, or all that the caller may see. What the answer rests on is named as places that a player can go to. With `Accept: text/event-stream` the answer comes as events: `begin` with the model, then `delta` with text and `citation` with a place, then `done`, or `error`.",
    access,
    body: { schema: chatBodySchema, maxBytes },
    perMinute: "chatPerMinute",
    switchedBy: "chat",
    answers: { 200: { description: "The answer.", schema: chatAnswerSchema } },
    errors: [...asking, "chat_not_found", "chat_busy", "idempotency_mismatch"],
  },
  completeChat: {
    method: "POST",
    path: "/v1/chat/completions",
    summary:
      "The same in the shape of OpenAI's API, as `chat.completions.create` sends it, `stream` and `stream_options` included. `meetings` names those that are asked; the answer has `citations` beside OpenAI's fields.",
    access,
    takesAnything: true,
    perMinute: "chatPerMinute",
    switchedBy: "chat",
    answers: { 200: { description: "The answer, as `stream` asks.", contentType: "application/json" } },
    errors: asking,
  },
  apiChat: {
    method: "POST",
    path: "/api/chat",
    summary:
      "`POST /v1/chat` for clients that call it so: unknown fields are taken, and the answer has `traceId` beside `trace_id`. A model that writes is asked without meetings, unless some are named.",
    access,
    takesAnything: true,
    perMinute: "chatPerMinute",
    switchedBy: "chat",
    answers: { 200: { description: "The answer.", contentType: "application/json" } },
    errors: [...asking, "chat_not_found", "chat_busy", "idempotency_mismatch"],
  },
  listChats: {
    method: "GET",
    path: "/v1/chats",
    summary: "The caller's chats, the newest first. They are kept for 30 days after their last message.",
    access,
    query: listChatsQuerySchema,
    answers: { 200: { description: "A page.", schema: chatsPageSchema } },
    errors: ["app_unavailable"],
  },
  createChat: {
    method: "POST",
    path: "/v1/chats",
    summary: "Begins a chat, with a title, a context and a preferred model, where they are wanted.",
    access,
    body: { schema: createChatBodySchema, maxBytes },
    answers: { 201: { description: "It.", schema: chatSchema } },
    errors: ["app_unavailable", "body_too_large", "chat_exists"],
  },
  getChat: {
    method: "GET",
    path: chat,
    summary: "A chat with its messages.",
    access,
    answers: { 200: { description: "It.", schema: chatWithMessagesSchema } },
    errors: ofChat,
  },
  updateChat: {
    method: "PATCH",
    path: chat,
    summary: "Renames a chat, or changes its context or its preferred model.",
    access,
    body: { schema: updateChatBodySchema, maxBytes },
    answers: { 200: { description: "It.", schema: chatSchema } },
    errors: [...ofChat, "body_too_large"],
  },
  deleteChat: {
    method: "DELETE",
    path: chat,
    summary: "Deletes a chat with all of its messages.",
    access,
    answers: { 204: { description: "It is gone." } },
    errors: ofChat,
  },
  addMessage: {
    method: "POST",
    path: `${chat}/messages`,
    summary: "Adds a message that asks nothing. Questions are asked with `POST /v1/chat` and `chat_id`.",
    access,
    body: { schema: addMessageBodySchema, maxBytes },
    answers: { 200: { description: "The chat.", schema: chatSchema } },
    errors: [...ofChat, "body_too_large"],
  },
  clearChat: {
    method: "DELETE",
    path: `${chat}/messages`,
    summary: "Takes all messages out of a chat; its title, context and model stay.",
    access,
    answers: { 200: { description: "The chat.", schema: chatSchema } },
    errors: ofChat,
  },
  resumeAnswer: {
    method: "GET",
    path: `${chat}/answer`,
    summary:
      "The chat's last answer again: with `Accept: text/event-stream` its events behind `Last-Event-ID`, those that are still to come included. Nothing is asked a second time.",
    access,
    headers: {
      "last-event-id": {
        description:
          "Of a stream: the `id` of the last event that was read; all of them without it, and where another answer came since.",
      },
    },
    answers: { 200: { description: "The answer.", schema: chatAnswerSchema } },
    errors: [...ofChat, "model_failed", "model_unavailable", "model_timeout"],
  },
  escalate: {
    method: "POST",
    path: "/v1/escalate",
    summary:
      "Asks a larger model than a local assistant has: a query with its context. The same `request_id` again is the same answer, for a day.",
    access,
    body: { schema: escalateBodySchema, maxBytes },
    perMinute: "chatPerMinute",
    switchedBy: "chat",
    answers: { 200: { description: "The answer, with what it took.", schema: escalateAnswerSchema } },
    errors: [...asking, "chat_busy", "idempotency_mismatch"],
  },
  streamEscalation: {
    method: "POST",
    path: "/v1/stream",
    summary: "`POST /v1/escalate` as server-sent events, those of `POST /v1/chat`.",
    access,
    body: { schema: escalateBodySchema, maxBytes },
    perMinute: "chatPerMinute",
    answers: { 200: { description: "The events.", contentType: "text/event-stream" } },
    errors: [...asking, "chat_busy", "idempotency_mismatch"],
  },
  routerStatus: {
    method: "GET",
    path: "/v1/status",
    summary: "Whether the router answers, and how its models are.",
    access,
    answers: { 200: { description: "They, the preferred ones first.", schema: routerStatusSchema } },
    errors: ["app_unavailable"],
  },
} as const satisfies Record<string, Operation>;
