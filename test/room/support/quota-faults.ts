/** The object that counts a tenant's sessions and audio, as it is on a bad day, a tenant at a time. */
import type { Env } from "../../../server/gateway/env.ts";
import type { TenantQuotas } from "../../../server/shared/limits/limiter-access.ts";

type Quota = ReturnType<TenantQuotas["getByName"]>;

export class QuotaFaults {
  /** Requests for audio that were asked, and that were answered. */
  leasesAsked = 0;
  leasesAnswered = 0;
  #before: () => Promise<void> | void = () => {};

  fail(): void {
    this.#before = () => {
      throw new Error("Network connection lost.");
    };
  }

  /** Nothing is answered until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#before = () => promise;
    return resolve;
  }

  heal(): void {
    this.#before = () => {};
  }

  around(quota: Quota): Quota {
    const call = async <T>(work: () => Promise<T>): Promise<T> => {
      await this.#before();
      return work();
    };
    return {
      openSession: (...args) => call(() => quota.openSession(...args)),
      confirmSession: (...args) => call(() => quota.confirmSession(...args)),
      closeSession: (...args) => call(() => quota.closeSession(...args)),
      lease: async (...args) => {
        this.leasesAsked += 1;
        const answer = await call(() => quota.lease(...args));
        this.leasesAnswered += 1;
        return answer;
      },
      bindKey: (key) => call(() => quota.bindKey(key)),
      freeKey: (...args) => call(() => quota.freeKey(...args)),
      usage: () => call(() => quota.usage()),
    };
  }
}

const faultsByTenant = new Map<string, QuotaFaults>();

export function quotaFaults(tenant: string): QuotaFaults {
  const known = faultsByTenant.get(tenant) ?? new QuotaFaults();
  faultsByTenant.set(tenant, known);
  return known;
}

export function faultyQuotas(quotas: TenantQuotas): Env["TENANT_QUOTA"] {
  const getByName = (tenant: string): Quota => {
    const quota = quotas.getByName(tenant);
    return faultsByTenant.get(tenant)?.around(quota) ?? quota;
  };
  return { getByName } as unknown as Env["TENANT_QUOTA"];
}
