/** A session's webhooks: the log of their deliveries, and sending one again. */
import { deliveriesAnswerSchema, deliverySchema } from "../../webhooks.ts";
import { bySessions, session, type Operation } from "../operation.ts";

export const webhooksOperations = {
  listDeliveries: {
    method: "GET",
    path: `${session}/webhooks`,
    summary: "What became of the session's webhooks, newest first.",
    access: bySessions("sessions:read"),
    answers: { 200: { description: "The log.", schema: deliveriesAnswerSchema } },
    errors: ["session_not_found", "session_deleted"],
  },
  testWebhook: {
    method: "POST",
    path: `${session}/webhooks/test`,
    summary: "Send a webhook now that says nothing, to try the receiver.",
    access: bySessions("sessions:write"),
    underKey: "replayed",
    answers: { 202: { description: "It is sent, signed and tried again as any other.", schema: deliverySchema } },
    errors: ["session_not_found", "session_deleted", "webhooks_not_set_up"],
  },
  resendDelivery: {
    method: "POST",
    path: `${session}/webhooks/:delivery_id/resend`,
    summary: "Send a webhook again now.",
    access: bySessions("sessions:write"),
    underKey: "replayed",
    answers: { 202: { description: "It is tried again.", schema: deliverySchema } },
    errors: ["session_not_found", "delivery_not_found", "session_deleted"],
  },
} as const satisfies Record<string, Operation>;
