/** A session's webhooks: where they may go, what became of them, and sending one again. */
import type { Context } from "hono";
import type * as z from "zod";
import { type deliveriesAnswerSchema, deliveryIdSchema } from "../../../schemas/webhooks.ts";
import type { Config } from "../../shared/config/config.ts";
import { parseDestination } from "../../shared/config/destination.ts";
import { canVouch } from "../webhooks/vouching.ts";
import type { AppEnv } from "./app-env.ts";
import { problem, type Reason } from "./problems.ts";
import { roomOf } from "./rooms.ts";

/** Why webhooks can't go to an address that a session asks for. Looked at before a session is opened with it. */
export function webhookUrlRefusal({ webhooks }: Config, url: string | null | undefined): Reason | undefined {
  if (url == null) return undefined;
  const destination = parseDestination(url, webhooks.reach);
  if (!destination.ok) return { reason: "bad_webhook_url", why: destination.error };
  return canVouch(webhooks, destination.value) ? undefined : "webhooks_not_set_up";
}

export async function deliveriesRoute(c: Context<AppEnv>): Promise<Response> {
  const deliveries = await roomOf(c).call("deliveries");
  if (!deliveries.ok) return problem(c, deliveries.error);
  const answer: z.infer<typeof deliveriesAnswerSchema> = { deliveries: deliveries.value };
  return c.json(answer);
}

export async function resendRoute(c: Context<AppEnv>): Promise<Response> {
  const deliveryId = deliveryIdSchema.safeParse(c.req.param("delivery_id"));
  const resent = await roomOf(c).call("resendDelivery", deliveryId.data ?? "");
  return resent.ok ? c.json(resent.value, 202) : problem(c, resent.error);
}

export async function testWebhookRoute(c: Context<AppEnv>): Promise<Response> {
  const sent = await roomOf(c).call("testWebhook");
  return sent.ok ? c.json(sent.value, 202) : problem(c, sent.error);
}
