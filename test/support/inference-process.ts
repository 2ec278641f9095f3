/** The inference service that a gateway of a test has begun, as a process that can be killed. */
import { readFileSync } from "node:fs";
import type { GatewayProcess } from "../../scripts/local/gateway-process.ts";

/** @returns its pid; undefined while none runs. Reads /proc. */
export function inferencePid(gateway: GatewayProcess): number | undefined {
  return gateway.processes().find(({ pid }) => commandOf(pid).includes("server/inference/main.ts"))?.pid;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    // It ended between the listing and the look.
    return "";
  }
}
