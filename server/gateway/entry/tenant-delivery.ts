/** A webhook about a tenant and no session: whoever has it keeps it until it is delivered, and asks here for each try. Keeps nothing. */
import * as z from "zod";
import { deliveryIdSchema } from "../../../schemas/webhooks.ts";
import { parseConfig } from "../../shared/config/config.ts";
import { log } from "../../shared/telemetry/log.ts";
import type { Env } from "../env.ts";
import { post } from "../webhooks/post.ts";
import { type NextStep, planNext } from "../webhooks/schedule.ts";

const deliverySchema = z.object({
  delivery_id: deliveryIdSchema,
  payload: z.string().max(65_536),
  /** Tries in a row that failed before. */
  failures: z.int().min(0),
});
export type TenantDelivery = z.infer<typeof deliverySchema>;

export async function deliverToDeployment(env: Env, tenant: string, delivery: TenantDelivery): Promise<NextStep> {
  const { failures, ...sent } = deliverySchema.parse(delivery);
  const config = parseConfig(env);
  if (!config.ok) throw new Error(`the gateway's variables don't parse: ${config.error.join("; ")}`);
  const { webhooks } = config.value;
  if (webhooks.url === undefined) return { state: "dead", dueAt: null };
  const outcome = await post(webhooks, webhooks.url, { ...sent, tenant }, Date.now(), (input, init) =>
    fetch(input, init),
  );
  const next = planNext(outcome, failures + 1, Date.now(), Math.random);
  if (next.state === "dead") {
    const { status, error } = outcome;
    const fields = { status: status ?? undefined, error: error ?? undefined };
    log.warn("webhook.dead", { tenant, delivery: sent.delivery_id, ...fields });
  }
  return next;
}
