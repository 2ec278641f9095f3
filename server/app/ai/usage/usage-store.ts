/** Where the app keeps records of calls: the `UsageLog` of the tenant that they are of. */
import { chargeOf } from "../../../../schemas/billing/money.ts";
import { idOfCall, lineOf, multiplierOf } from "../../billing/index.ts";
import type { Env } from "../../env.ts";
import type { UsageStore } from "./meter.ts";

export function usageStore({ USAGE_LOG, BILLING_LEDGER }: Pick<Env, "USAGE_LOG" | "BILLING_LEDGER">): UsageStore {
  return {
    begin: async (record) => {
      await USAGE_LOG.getByName(record.tenant).begin(record);
    },
    settle: async (record) => {
      await USAGE_LOG.getByName(record.tenant).settle(record);
    },
    hold: async (tenant, { usage_id, kind, model, subject, tokens, audio_ms, cost_nano_usd: cost }) => {
      const charge = cost === null ? null : chargeOf(cost, multiplierOf(model));
      // Settled by the entry that the call becomes.
      const asked = { id: idOfCall(usage_id), feature: kind, subject: lineOf(subject), tokens, audio_ms, charge };
      return BILLING_LEDGER.getByName(tenant).hold(asked);
    },
  };
}
