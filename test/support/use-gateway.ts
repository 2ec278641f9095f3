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

/**
 * A gateway for a test file: started before its tests, checked after them. Without limits but those given. Without options
 * it is shared with the files before, in projects that end shared ones (`shared-gateways.ts`).
 */
export function useGateway(options?: GatewayOptions): GatewayProcess {
  const folder = options ? undefined : inject("sharedGateways");
  const { env, ...others } = options ?? {};
  const make = (): GatewayProcess => new GatewayProcess({ ...others, env: { ...unlimited, ...env } });
  const gateway = folder === undefined ? make() : (shared ??= make());
  let printedBefore = 0;
  beforeAll(async () => {
    printedBefore = gateway.output.length;
    if (gateway.isRunning) return;
    await gateway.start();
    if (folder !== undefined) noteShared(folder, gateway);
  }, startTimeoutMs + 5_000);
  afterAll(async () => {
    if (folder === undefined) await gateway.dispose();
    assert.deepEqual(complaintsIn(gateway.output.slice(printedBefore)), []);
  }, stopTimeoutMs + 5_000);
  return gateway;
}
