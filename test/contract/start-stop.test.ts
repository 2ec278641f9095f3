/**
 * `npm start` as a process: how it ends, and what it leaves behind. Each test has a gateway of its own;
 * they run at once, since most of their time is waiting.
 */
import { expect, test, type TestContext } from "vitest";
import { helloFields } from "../../client/testkit/frames.ts";
import { newSession } from "../support/gateway-http.ts";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { until } from "../../client/testkit/until.ts";
import { TestClient } from "../support/ws-client.ts";

/** Three gateways that start at once may take long. */
const startsTimeoutMs = 60_000;

async function startGateway(onTestFinished: TestContext["onTestFinished"]): Promise<GatewayProcess> {
  const gateway = new GatewayProcess({ viaNpm: true });
  onTestFinished(() => gateway.dispose());
  await gateway.start();
  return gateway;
}

test.concurrent(
  "SIGTERM to npm start ends it, and leaves no process behind",
  async ({ onTestFinished }) => {
    const gateway = await startGateway(onTestFinished);
    expect(gateway.processes().map(({ name }) => name)).toContain("workerd");
    await gateway.terminate();
    await until(() => gateway.processes().length === 0 || undefined, {
      what: () => `every process to end; left: ${JSON.stringify(gateway.processes())}`,
      timeoutMs: 5_000,
    });
  },
  startsTimeoutMs,
);

test.concurrent(
  "kill -9 of every workerd ends npm start with a sentence, and leaves no process behind",
  async ({ onTestFinished }) => {
    const gateway = await startGateway(onTestFinished);
    gateway.killWorkerd();
    await until(() => (!gateway.isRunning && gateway.processes().length === 0) || undefined, {
      what: () => `npm start to end; left: ${JSON.stringify(gateway.processes())}`,
      timeoutMs: 10_000,
    });
    expect(gateway.output).toContain("The gateway stops: workerd was killed by SIGKILL.");
  },
  startsTimeoutMs,
);

test.concurrent(
  "Ctrl-C or SIGTERM to the whole group ends it while clients are connected; what was acked is there after",
  async ({ onTestFinished }) => {
    const gateway = await startGateway(onTestFinished);
    const session = newSession();
    const client = await TestClient.connect(gateway, { session });
    for (const seq of [1, 2, 3]) await client.keep(seq);
    await gateway.stop();
    expect(gateway.processes()).toEqual([]);
    await gateway.start();
    const again = await TestClient.connect(gateway, { session });
    again.send(helloFields);
    expect((await again.next("ready")).resume).toEqual({ next_seq: 4, missing: [] });
    await again.leave();
  },
  startsTimeoutMs,
);
