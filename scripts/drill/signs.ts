/** Where an operator looks: `/ready`, `/metrics`, `/admin/edge-health`, the log, and who is paged. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Ready } from "../../schemas/http/health.ts";
import type { EdgeHealth } from "../../schemas/http/telemetry.ts";
import { logFileName, logFolder } from "../local/log-file.ts";
import { ask } from "./patiently.ts";
import type { Receiver } from "./receiver.ts";

export interface Watched {
  readonly url: string;
  readonly stateDir: string;
  readonly pager: Receiver;
}

/** By where it is looked for: whether it is seen there. */
export type Signs = Readonly<Record<string, () => Promise<boolean>>>;

/**
 * Whoever is paged hears of it, anew since this was asked for.
 * @param meanwhile is done with each look, by those who use the gateway.
 */
export function paged(
  { pager }: Watched,
  alert: string,
  state: "firing" | "resolved",
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
): Signs {
  const before = pager.count(alert, state);
  return {
    [`alert ${alert} ${state}`]: async () => {
      await meanwhile();
      return pager.count(alert, state) > before;
    },
  };
}

/** In `/admin/edge-health` too, which has an installation look at itself. */
export function alerted(
  site: Watched,
  alert: string,
  ...how: [state: "firing" | "resolved", meanwhile?: () => Promise<unknown>]
): Signs {
  return {
    "/admin/edge-health": async () => {
      const { alerts } = (await (await ask(site.url, "/admin/edge-health")).json()) as EdgeHealth;
      return alerts.some((one) => one.alert === alert) === (how[0] === "firing");
    },
    ...paged(site, alert, ...how),
  };
}

/** A line with these fields, in the file that `npm start` keeps. */
export function logged({ stateDir }: Watched, fields: Readonly<Record<string, string>>): Signs {
  const wanted = Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return {
    [`log ${fields["event"]}`]: async () =>
      readFileSync(join(stateDir, logFolder, logFileName), "utf8")
        .split("\n")
        .some((line) => wanted.every((field) => line.includes(field))),
  };
}

export async function readyOf({ url }: Watched): Promise<Ready> {
  return (await (await ask(url, "/ready")).json()) as Ready;
}

export async function metric({ url }: Watched, name: string, label = ""): Promise<number> {
  const text = await (await ask(url, "/metrics")).text();
  const line = text.split("\n").find((one) => one.startsWith(label === "" ? `${name} ` : `${name}{${label}`));
  return Number(line?.split(" ").at(-1) ?? 0);
}
