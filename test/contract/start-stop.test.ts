/**
 * `npm start` as a process: how it ends, and what it leaves behind. Each test has a gateway of its own;
 * they run at once, since most of their time is waiting.
 */
import { expect, test, type TestContext } from "vitest";
import { helloFields } from "../support/frames.ts";
import { newSession, send } from "../support/gateway-http.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { until } from "../support/until.ts";
import { TestClient } from "../support/ws-client.ts";

async function startGateway(onTestFinished: TestContext["onTestFinished"]): Promise<GatewayProcess> {
  const gateway = new GatewayProcess();
  onTestFinished(() => gateway.dispose());
  await gateway.start();
  return gateway;
}

test.concurrent("SIGTERM to npm start ends it, and leaves no process behind", async ({ onTestFinished }) => {
  const gateway = await startGateway(onTestFinished);
  expect(gateway.processes().map(({ name }) => name)).toContain("workerd");
  await gateway.terminate();
  await until(() => gateway.processes().length === 0 || undefined, {
    what: () => `every process to end; left: ${JSON.stringify(gateway.processes())}`,
    timeoutMs: 5_000,
  });
});

test.concurrent("kill -9 of every workerd: npm start serves again, or ends; it never hangs", async ({
  onTestFinished,
}) => {
  const gateway = await startGateway(onTestFinished);
  gateway.killWorkerds();
  const end = await until(
    async () => {
      if (!gateway.isRunning) return gateway.processes().length === 0 ? "ended" : undefined;
      const answer = await send(gateway, "/health", { timeoutMs: 1_000 }).catch(() => undefined);
      return answer?.status === 200 ? "serves" : undefined;
    },
    { what: "npm start to serve or to end", timeoutMs: 40_000 },
  );
  expect(["ended", "serves"]).toContain(end);
}, 60_000);

test.concurrent("Ctrl-C or SIGTERM to the whole group ends it while clients are connected; what was acked is there after", async ({
  onTestFinished,
}) => {
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
});
