/** A gateway for a test file, and what must hold of what it printed. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, inject } from "vitest";
import {
  complaintsIn,
  type GatewayOptions,
  GatewayProcess,
  startTimeoutMs,
  stopTimeoutMs,
} from "../../scripts/local/gateway-process.ts";
import { noteShared } from "./shared-gateways.ts";
import { unlimited } from "../../scripts/local/unlimited.ts";

/** The gateway of all files of this process that ask for nothing special. */
let shared: GatewayProcess | undefined;

/** @returns the gateway of all files of this process that ask for nothing special, or undefined in a project that ends no shared ones. */
export function sharedGateway(): GatewayProcess | undefined {
  return inject("sharedGateways") === undefined ? undefined : (shared ??= new GatewayProcess({ env: unlimited }));
}

/** Starts what `sharedGateway` gave, unless it runs. */
export async function startShared(gateway: GatewayProcess): Promise<void> {
  if (gateway.isRunning) return;
  await gateway.start();
  const folder = inject("sharedGateways");
  if (folder !== undefined) noteShared(folder, gateway);
}

/**
 * A gateway for a test file: started before its tests, checked after them. Without limits but those given. Without options
 * it is shared with the files before, in projects that end shared ones (`shared-gateways.ts`).
 */
export function useGateway(options?: GatewayOptions): GatewayProcess {
  const common = options ? undefined : sharedGateway();
  const { env, ...others } = options ?? {};
  const gateway = common ?? new GatewayProcess({ ...others, env: { ...unlimited, ...env } });
  let printedBefore = 0;
  beforeAll(async () => {
    printedBefore = gateway.output.length;
    if (common) await startShared(common);
    else await gateway.start();
  }, startTimeoutMs + 5_000);
  afterAll(async () => {
    if (!common) await gateway.dispose();
    assert.deepEqual(complaintsIn(gateway.output.slice(printedBefore)), []);
  }, stopTimeoutMs + 5_000);
  return gateway;
}
