/** Chat: questions on meetings, answered from what was said in them. */
import { limits } from "../../limits.ts";
import { chatAnswerSchema, chatBodySchema } from "../chat.ts";
import { byCaller, type Operation } from "../operation.ts";

export const chatOperations = {
  chat: {
    method: "POST",
    path: "/v1/chat",
    summary:
      "Asks meetings: one, some, or all that the caller may see. What the answer rests on is named as places that a player can go to. With `Accept: text/event-stream` the answer comes as events: `begin` with the model, then `delta` with text and `citation` with a place, then `done`, or `error`.",
    access: byCaller("sessions:read", ["observe", "edit"]),
    body: { schema: chatBodySchema, maxBytes: limits.maxChatBodyBytes },
    perMinute: "chatPerMinute",
    answers: { 200: { description: "The answer.", schema: chatAnswerSchema } },
    errors: [
      "app_unavailable",
      "body_too_large",
      "session_not_found",
      "session_deleted",
      "model_failed",
      "model_unavailable",
      "model_timeout",
    ],
  },
} as const satisfies Record<string, Operation>;
