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

/** One gateway for a test file: started before its tests, checked and ended after them. Without limits but those given. */
export function useGateway({ env, ...options }: GatewayOptions = {}): GatewayProcess {
  const gateway = new GatewayProcess({ ...options, env: { ...unlimited, ...env } });
  beforeAll(() => gateway.start(), startTimeoutMs + 5_000);
  afterAll(async () => {
    await gateway.dispose();
    assert.deepEqual(complaintsIn(gateway.output), []);
  }, stopTimeoutMs + 5_000);
  return gateway;
}
