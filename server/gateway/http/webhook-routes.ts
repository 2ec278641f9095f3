/** A session's webhooks: where they may go, what became of them, and sending one again. */
import type { Context } from "hono";
import { type deliveriesAnswerSchema, deliveryIdSchema } from "../../../schemas/webhooks.ts";
import type * as z from "zod";
import { parseDestination } from "../../shared/config/destination.ts";
import { canVouch } from "../webhooks/post.ts";
import type { AppEnv } from "./app-env.ts";
import { problem } from "./problem.ts";
import { roomOf } from "./rooms.ts";
import { sessionNotFound } from "./session-not-found.ts";

/** Why webhooks can't go to an address that a session asks for. Looked at before a session is opened with it. */
export function webhookUrlRefusal(c: Context<AppEnv>, url: string | null | undefined): Response | undefined {
  if (url == null) return undefined;
  const { webhooks } = c.var.config;
  const destination = parseDestination(url, webhooks.isDevelopment);
  if (!destination.ok) return problem(c, "invalid_webhook_url", `webhook_url: ${destination.error}.`);
  if (canVouch(webhooks, destination.value)) return undefined;
  return problem(
    c,
    "webhooks_not_set_up",
    "A receiver there could not tell who sent the webhook: the installation needs its WEBHOOK_SECRET.",
  );
}

export async function deliveriesRoute(c: Context<AppEnv>): Promise<Response> {
  const deliveries = await roomOf(c).call("deliveries");
  if (!deliveries.ok) return sessionNotFound(c);
  const answer: z.infer<typeof deliveriesAnswerSchema> = { deliveries: deliveries.value };
  return c.json(answer);
}

export async function resendRoute(c: Context<AppEnv>): Promise<Response> {
  const deliveryId = deliveryIdSchema.safeParse(c.req.param("delivery_id"));
  const resent = await roomOf(c).call("resendDelivery", deliveryId.data ?? "");
  if (resent.ok) return c.json(resent.value, 202);
  return resent.error === "session_not_found"
    ? sessionNotFound(c)
    : problem(
        c,
        resent.error,
        "The session has no such delivery, or it was too old to keep: GET …/webhooks lists them.",
      );
}
