/** What a webhook brings, and the log of what was sent (SPEC D1–D6). */
import * as z from "zod";
import { featureSchema } from "./billing/ledger.ts";
import { eventSchema, type EventType } from "./speech/events.ts";
import { coverageSchema } from "./http/finalize.ts";
import { sessionIdSchema, tenantSchema } from "./names.ts";

/** Events of the log that are delivered. */
export const deliveredEvents = [
  "session.finalized",
  "result.revised",
  "resolve.failed",
  "resolve.stalled",
  "track.stalled",
] as const satisfies readonly EventType[];
export const deliveredEventSchema = z.enum(deliveredEvents);

/** All that is delivered: those, how a session begins and that it is gone, and what somebody asked for to try a receiver. */
export const webhookTypes = [...deliveredEvents, "session.created", "session.deleted", "webhook.test"] as const;
export const webhookTypeSchema = z.enum(webhookTypes);
export type WebhookType = z.infer<typeof webhookTypeSchema>;

/** Body of a webhook, after https://www.standardwebhooks.com. */
export const webhookPayloadSchema = z.object({
  type: webhookTypeSchema,
  /** When it happened; `webhook-timestamp` is when it was sent. */
  timestamp: z.iso.datetime(),
  data: z.object({
    tenant: tenantSchema,
    session_id: sessionIdSchema,
    /** The row of the session's event log; `session.created`, `session.deleted` and `webhook.test` have none. */
    event: eventSchema.optional(),
    /** Of `session.finalized` and `result.revised`. */
    result_key: z.string().optional(),
    coverage: coverageSchema.optional(),
  }),
});
export type WebhookPayload = z.infer<typeof webhookPayloadSchema>;

/** Shares of a budget that are told. */
export const budgetPercents = [50, 80, 100] as const;
export const budgetLimitSchema = z.enum(["tokens_per_minute", "audio_seconds_per_minute", "usd_per_day"]);

/** Body of the webhook that is about no session but about a tenant's budget (SPEC B10). It goes to the deployment's `WEBHOOK_URL`. */
export const budgetReachedSchema = z.object({
  type: z.literal("budget.reached"),
  timestamp: z.iso.datetime(),
  data: z.object({
    tenant: tenantSchema,
    /** What the budget bounds; `all` for everything. */
    feature: featureSchema,
    limit: budgetLimitSchema,
    /** How much may be used, in digits: tokens, seconds, or dollars. */
    amount: z.string(),
    /** How much of it was reached. 100: it is used up, or a call was refused for want of it. */
    percent: z.literal(budgetPercents),
    /** Used then, likewise in digits. */
    used: z.string(),
    /** The day, UTC, in which this is told once. */
    day: z.iso.date(),
  }),
});
export type BudgetReached = z.infer<typeof budgetReachedSchema>;

/** Whatever a receiver gets. */
export const anyWebhookSchema = z.union([webhookPayloadSchema, budgetReachedSchema]);
export type AnyWebhook = z.infer<typeof anyWebhookSchema>;

/** The `webhook-id` header: the same for every try, so that a receiver recognises a repeat. */
export const deliveryIdSchema = z.string().regex(/^msg_[0-9a-f-]{36}$/);

/** `dead`: given up; only a resend tries it again. */
export const deliveryStateSchema = z.enum(["pending", "delivered", "dead"]);
export type DeliveryState = z.infer<typeof deliveryStateSchema>;

/**
 * Why a try failed. `status`: another status than 2xx; `gone`: 410; `not_set_up`: the deployment lost its address
 * or its secret; `refused`: its rules don't allow the address.
 */
export const deliveryErrorSchema = z.enum([
  "status",
  "gone",
  "redirect",
  "timeout",
  "unreachable",
  "refused",
  "not_set_up",
]);
export type DeliveryError = z.infer<typeof deliveryErrorSchema>;

export const deliverySchema = z.object({
  delivery_id: deliveryIdSchema,
  type: webhookTypeSchema,
  /** null: it is about no event of the log. */
  event_id: z.int().min(1).nullable(),
  created_at: z.iso.datetime(),
  state: deliveryStateSchema,
  /** Tries so far, those before a resend included. */
  attempts: z.int().min(0),
  /** When the last try was made. */
  last_at: z.iso.datetime().nullable(),
  /** Origin of the address of the last try; the rest of the URL may hold a secret. */
  last_origin: z.string().nullable(),
  /** HTTP status of the answer to the last try. */
  last_status: z.int().nullable(),
  /** Why the last try failed. */
  last_error: deliveryErrorSchema.nullable(),
  /** When it is tried next; null where it isn't, or not before the result is written. */
  next_at: z.iso.datetime().nullable(),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** `GET /v1/sessions/:id/webhooks`: newest first. */
export const deliveriesAnswerSchema = z.object({ deliveries: z.array(deliverySchema) });
