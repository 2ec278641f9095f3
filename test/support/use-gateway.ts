/** A gateway for a test file, and what must hold of what it printed. */
import assert from "node:assert/strict";
import { afterAll, beforeAll } from "vitest";
import {
  complaintsIn,
  type GatewayOptions,
  GatewayProcess,
  startTimeoutMs,
  stopTimeoutMs,
} from "../../scripts/lib/gateway-process.ts";
import { unlimited } from "../../scripts/lib/unlimited.ts";

/** The gateway of all files of a process that ask for nothing special; ended with the process. */
let shared: GatewayProcess | undefined;

/** A gateway for a test file: started before its tests, checked after them. Without limits but those given. */
export function useGateway(options?: GatewayOptions): GatewayProcess {
  if (options) {
    const { env, ...others } = options;
    return used(new GatewayProcess({ ...others, env: { ...unlimited, ...env } }), (gateway) => gateway.dispose());
  }
  shared ??= new GatewayProcess({ env: unlimited });
  return used(shared);
}

function used(gateway: GatewayProcess, end?: (gateway: GatewayProcess) => Promise<void>): GatewayProcess {
  let printedBefore = 0;
  beforeAll(async () => {
    printedBefore = gateway.output.length;
    if (!gateway.isRunning) await gateway.start();
  }, startTimeoutMs + 5_000);
  afterAll(async () => {
    await end?.(gateway);
    assert.deepEqual(complaintsIn(gateway.output.slice(printedBefore)), []);
  }, stopTimeoutMs + 5_000);
  return gateway;
}
