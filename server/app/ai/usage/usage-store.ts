/** Where the app keeps records of calls: the `UsageLog` of the tenant that they are of. */
import { holdOfCall } from "../../billing/index.ts";
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
    hold: async (tenant, call) => BILLING_LEDGER.getByName(tenant).hold(holdOfCall(call)),
    used: async (tenant, call) => {
      await BILLING_LEDGER.getByName(tenant).used(holdOfCall(call));
    },
  };
}
