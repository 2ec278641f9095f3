/**
 * `npm start` as a process: how it ends, and what it leaves behind. Each test has a gateway of its own; they run at once,
 * since most of their time is waiting.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test, type TestContext } from "vitest";
import { helloFields } from "../../client/testkit/frames.ts";
import { until } from "../../client/testkit/until.ts";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { readsTypeScript } from "../../scripts/local/reads-typescript.ts";
import { newSession } from "../support/gateway-http.ts";
import { TestClient } from "../support/ws-client.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Three gateways that start at once, on a machine that may be busy. */
const startsTimeoutMs = 120_000;

async function startGateway(onTestFinished: TestContext["onTestFinished"]): Promise<GatewayProcess> {
  const gateway = new GatewayProcess({ viaNpm: true });
  onTestFinished(() => gateway.dispose());
  await gateway.start();
  return gateway;
}

async function keepThree(gateway: GatewayProcess): Promise<string> {
  const session = newSession();
  const client = await TestClient.connect(gateway, { session });
  for (const seq of [1, 2, 3]) await client.keep(seq);
  return session;
}

async function expectThree(gateway: GatewayProcess, session: string): Promise<void> {
  const again = await TestClient.connect(gateway, { session });
  again.send(helloFields);
  expect((await again.next("ready")).resume).toEqual({ next_seq: 4, missing: [] });
  await again.leave();
}

/** That all of it ends, however long a busy machine takes. */
function ended(gateway: GatewayProcess): Promise<true> {
  return until(() => gateway.processes().length === 0 || undefined, {
    what: () => `every process to end; left: ${JSON.stringify(gateway.processes())}`,
    timeoutMs: 30_000,
  });
}

test.concurrent.each([
  ["a folder that can't be made", { STATE_DIR: "/proc/no-such-folder" }, [], /STATE_DIR can't be made/],
  ["a port that is none", { PORT: "abc" }, [], /PORT must be a port number/],
  ["an option that there is not", {}, ["--prot", "1"], /unknown option '--prot'/],
  ["an address for others, without credentials", { HOST: "0.0.0.0" }, [], /AUTH_MODE is off/],
  ["one without the secret", { HOST: "0.0.0.0", AUTH_MODE: "required" }, [], /JWT_SECRET is missing/],
  [
    "one of another machine",
    { HOST: "192.0.2.1", AUTH_MODE: "required", JWT_SECRET: "x".repeat(40) },
    [],
    /no address of/,
  ],
  ["a host that is a name", { HOST: "example.com" }, [], /must be an IP address/],
  ["a misspelt variable, beside a bad one", { RETENTION_DAY: "3", HOST: "::" }, [], /Did you mean RETENTION_DAYS\?/],
] as const)("%s is refused at once, with a sentence", async (_what, env, args, sentence) => {
  const script = [...readsTypeScript, "scripts/start.mjs", ...args];
  const options = { cwd: root, env: { ...process.env, PORT: "0", ...env } };
  const result = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, script, options, (error, _stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
    );
  });
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(sentence);
});

test.concurrent(
  "SIGTERM to npm start ends it, and leaves no process behind; a second gateway on its STATE_DIR is refused until then",
  async ({ onTestFinished }) => {
    const gateway = await startGateway(onTestFinished);
    expect(gateway.processes().map(({ name }) => name)).toContain("workerd");
    const second = new GatewayProcess({ stateDir: gateway.stateDir });
    onTestFinished(() => second.dispose());
    await expect(second.start()).rejects.toThrow(
      /STATE_DIR is in use by process \d+: end it, or choose another folder/,
    );
    await gateway.terminate();
    await ended(gateway);
    await second.start();
  },
  startsTimeoutMs,
);

test.concurrent(
  "[K3] kill -9 of workerd: npm start says so and starts another on the same port; what was acked is there after",
  async ({ onTestFinished }) => {
    const gateway = await startGateway(onTestFinished);
    const session = await keepThree(gateway);
    const { url } = gateway;
    await gateway.killWorkerd();
    expect(gateway.output).toContain("workerd was killed by SIGKILL: it is started again. What was acked is kept.");
    expect(gateway.output).not.toContain("The gateway stops");
    expect(gateway.url).toBe(url);
    await expectThree(gateway, session);
    await gateway.terminate();
    await ended(gateway);
  },
  startsTimeoutMs,
);

test.concurrent(
  "[P16] Ctrl-C or SIGTERM to the whole group ends it while clients are connected, which are told; what was acked is there after",
  async ({ onTestFinished }) => {
    const gateway = await startGateway(onTestFinished);
    const session = await keepThree(gateway);
    const client = await TestClient.connect(gateway, { session });
    await gateway.stop();
    expect(gateway.processes()).toEqual([]);
    // "Service restart": come again at once.
    expect(await client.closed()).toMatchObject({ code: 1012, reason: "going_away" });
    await gateway.start();
    await expectThree(gateway, session);
  },
  startsTimeoutMs,
);
