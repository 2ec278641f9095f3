/** Where the app keeps records of calls: the `UsageLog` of the tenant that they are of. */
import type { Env } from "../../env.ts";
import type { UsageStore } from "./meter.ts";

export function usageStore({ USAGE_LOG }: Pick<Env, "USAGE_LOG">): UsageStore {
  return {
    begin: async (record) => {
      await USAGE_LOG.getByName(record.tenant).begin(record);
    },
    settle: async (record) => {
      await USAGE_LOG.getByName(record.tenant).settle(record);
    },
  };
}
