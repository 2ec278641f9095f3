/** Alerts of budgets on their way: from the ledger's object by RPC to the gateway, which signs them and knows where they may go. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { budgetReachedSchema } from "../../schemas/webhooks.ts";
import type { BillingLedgerDO } from "../../server/app/billing/index.ts";
import { deliverToDeployment } from "../../server/gateway/entry/tenant-delivery.ts";
import type { Env } from "../../server/gateway/env.ts";
import { bindings } from "./support/bindings.ts";
import { hookUrl, idOf, receiver, secret } from "./support/receiver.ts";

const { BILLING_LEDGER } = bindings as unknown as { BILLING_LEDGER: DurableObjectNamespace<BillingLedgerDO> };
const gatewayEnv = (more: object): Env => ({ ...bindings, ...more });
const budget = { feature: "chat", tokens_per_minute: 100, audio_seconds_per_minute: null, nano_usd_per_day: null };

/** A ledger whose alerts go to the deployment's receiver, `hooks` of these tests. */
async function alerting(hooks: string | undefined) {
  const tenant = `alerted-${crypto.randomUUID()}`;
  const ledger = BILLING_LEDGER.getByName(tenant);
  const env = gatewayEnv(hooks === undefined ? {} : { WEBHOOK_URL: hookUrl(hooks) });
  const deliverWebhook = (of: string, delivery: Parameters<typeof deliverToDeployment>[2]) =>
    deliverToDeployment(env, of, delivery);
  await runInDurableObject(ledger, (inside) => {
    const own = inside as unknown as { env: object };
    own.env = { ...own.env, GATEWAY: { deliverWebhook } };
  });
  const refuse = async () => {
    await ledger.setBudgets([budget]);
    const asked = { id: "call", feature: "chat", subject: null, tokens: 101, audio_ms: 0, charge: 0 };
    expect((await ledger.hold(asked)).ok).toBe(false);
  };
  return { tenant, ledger, refuse };
}

test("[B10] the deployment's receiver gets it signed, again after a failure under the same id, and not after it took it", async () => {
  const name = `budget-${crypto.randomUUID()}`;
  const { tenant, ledger, refuse } = await alerting(name);
  let status = 503;
  const received = receiver(name, () => new Response(null, { status, headers: { "retry-after": "0" } }));
  await refuse();
  expect(await runDurableObjectAlarm(ledger)).toBe(true);
  expect(received).toHaveLength(3);
  status = 204;
  await runInDurableObject(ledger, (_, { storage }) => {
    storage.sql.exec("UPDATE alerts SET due_at = 0");
  });
  expect(await runDurableObjectAlarm(ledger)).toBe(true);
  await refuse();
  await runDurableObjectAlarm(ledger);
  expect(received).toHaveLength(6);
  expect(received.slice(3).map(idOf)).toEqual(received.slice(0, 3).map(idOf));
  const percents = received.map(({ body, headers }) => {
    const { type, data } = budgetReachedSchema.parse(new Webhook(secret).verify(body, headers));
    expect([type, data.tenant]).toEqual(["budget.reached", tenant]);
    return data.percent;
  });
  expect(percents).toEqual([50, 80, 100, 50, 80, 100]);
});

test("[B10] without a receiver nothing is sent and nothing waits", async () => {
  const { ledger, refuse } = await alerting(undefined);
  await refuse();
  await runDurableObjectAlarm(ledger);
  const waiting = await runInDurableObject(ledger, (_, { storage }) =>
    storage.sql.exec("SELECT state FROM alerts WHERE state = 'pending'").toArray(),
  );
  expect(waiting).toEqual([]);
});

test("[B10] an address that the deployment's rules do not allow is never asked", async () => {
  const env = gatewayEnv({ WEBHOOK_URL: "https://169.254.169.254/latest" });
  const delivery = { delivery_id: `msg_${crypto.randomUUID()}`, payload: "{}", failures: 0 };
  await expect(deliverToDeployment(env, "default", delivery)).rejects.toThrow("WEBHOOK_URL");
});
