/** A version that must go: one of its variables is no number, so that every request is refused. */
import type { Outage } from "./outage-list.ts";
import { ask } from "./patiently.ts";
import { logged, paged, type Watched } from "./signs.ts";

/** Of fewer requests no rate of errors is made. */
const callers = 25;

/** @param deploy ends what runs, and starts the same with these variables beside its own. */
export function badDeploy(site: Watched, deploy: (variables: Record<string, string>) => Promise<void>): Outage {
  const status = async (path: string): Promise<number> => (await ask(site.url, path)).status;
  const list = (): Promise<number> => status("/v1/sessions?limit=1");
  return {
    what: "a bad deploy: a variable that can't be read",
    breakIt: () => deploy({ MAX_LOG_EVENTS: "many" }),
    mend: () => deploy({}),
    seen: {
      "a list": async () => (await list()) === 503,
      "/ready": async () => (await status("/ready")) === 503,
      ...logged(site, { event: "cf_request", code: "misconfigured" }),
      ...paged(site, "error_rate", "firing", () => Promise.all(Array.from({ length: callers }, list))),
    },
    over: {
      "a list": async () => (await list()) === 200,
      "/ready": async () => (await status("/ready")) === 200,
    },
  };
}
