/** One webhook of `openapi.json`: a request that the gateway makes. */
import * as z from "zod";
import type { ZodOpenApiPathItemObject } from "zod-openapi";
import {
  type BudgetReached,
  budgetReachedSchema,
  deliveryIdSchema,
  webhookPayloadSchema,
  type WebhookType,
} from "../../schemas/webhooks.ts";
import { webhookExamples } from "./examples.ts";

const summaries: Readonly<Record<WebhookType, string>> = {
  "session.created": "A session was opened, by a request or by its first connection",
  "session.deleted": "All of a session is deleted; nothing but this is left to be sent",
  "session.finalized": "A session's result can be fetched",
  "result.revised": "A newer version of the result can be fetched",
  "resolve.failed": "Windows of a track were given up by speaker resolve",
  "resolve.stalled": "The speaker-resolve service is away; `resolve.resumed` in the log says when it is back",
  "webhook.test": "Somebody asked for it, to try the receiver",
  "track.stalled": "A track went silent without an end",
};

const description =
  "Sent to the session's `webhook_url`, else to the deployment's `WEBHOOK_URL`, and signed as Standard Webhooks (https://www.standardwebhooks.com) says: verify the bytes as they came. At least once, with the same `webhook-id` on every try. Anything but 2xx within the timeout is tried again, nine times over a good 24 hours; a redirect is not followed.";

const responses = {
  "2XX": { description: "Taken. Answer as soon as you have stored it." },
  "410": { description: "Wanted no more: it is not tried again." },
  default: { description: "Tried again later." },
} as const;

const spent: BudgetReached = {
  type: "budget.reached",
  timestamp: "2026-11-29T12:00:00.000Z",
  data: {
    tenant: "default",
    feature: "chat",
    limit: "usd_per_day",
    amount: "5",
    percent: 80,
    used: "4.010815",
    day: "2026-11-29",
  },
};

const parameters = {
  "webhook-id": deliveryIdSchema.meta({
    param: {
      name: "webhook-id",
      in: "header",
      description: "The same on every try: what has been seen can be dropped.",
    },
  }),
  "webhook-timestamp": z.string().meta({
    param: { name: "webhook-timestamp", in: "header", description: "When this try was made, seconds since 1970." },
  }),
  "webhook-signature": z
    .string()
    .optional()
    .meta({
      param: {
        name: "webhook-signature",
        in: "header",
        description:
          "`v1,` and the HMAC-SHA256 in base64; several, with spaces between, while the secret is changed. Absent only where the deployment sends `Authorization: Bearer <WORKER_SHARED_SECRET>` instead.",
      },
    }),
} as const;

/** The one that is about no session. */
export const openapiBudgetWebhook: ZodOpenApiPathItemObject = {
  post: {
    operationId: "webhook.budget.reached",
    tags: ["Webhooks"],
    summary: "Half of a budget of the tenant is used, four fifths, or all of it; each once a day",
    description: description.replace("Sent to the session's `webhook_url`, else to", "Sent to"),
    security: [],
    parameters: Object.values(parameters),
    requestBody: {
      required: true,
      content: { "application/json": { schema: budgetReachedSchema, examples: { spent: { value: spent } } } },
    },
    responses,
  },
};

export function openapiWebhook(type: WebhookType): ZodOpenApiPathItemObject {
  return {
    post: {
      operationId: `webhook.${type}`,
      tags: ["Webhooks"],
      summary: summaries[type],
      description,
      security: [],
      parameters: Object.values(parameters),
      requestBody: {
        required: true,
        content: { "application/json": { schema: webhookPayloadSchema, examples: webhookExamples(type) } },
      },
      responses,
    },
  };
}
