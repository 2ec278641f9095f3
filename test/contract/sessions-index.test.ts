/**
 * The list of sessions and what deletion leaves, over real sockets and on disk. Each test has a gateway of its own;
 * they run at once, since much of their time is waiting.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import { createResultsClient, type ResultsClient } from "../../client/index.ts";
import { pcm } from "../../client/testkit/frames.ts";
import { complaintsIn, GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { openLocalBucket } from "../../scripts/local/local-bucket.ts";
import { unlimited } from "../../scripts/local/unlimited.ts";
import { until } from "../../client/testkit/until.ts";
import { newSession } from "../support/gateway-http.ts";
import { TestClient } from "../support/ws-client.ts";

async function startGateway({
  onTestFinished,
}: TestContext): Promise<{ gateway: GatewayProcess; client: () => ResultsClient }> {
  const gateway = new GatewayProcess({ env: unlimited });
  onTestFinished(() => gateway.dispose());
  await gateway.start();
  return { gateway, client: () => createResultsClient({ baseUrl: gateway.url }) };
}

async function listed(client: ResultsClient): Promise<[string, string][]> {
  const all: [string, string][] = [];
  for await (const { session_id, status } of client.allSessions()) all.push([session_id, status]);
  return all;
}

async function eventuallyListed(client: ResultsClient, expected: [string, string][]): Promise<void> {
  let found: [string, string][] = [];
  await until(
    async () => {
      found = await listed(client);
      return JSON.stringify(found) === JSON.stringify(expected) || undefined;
    },
    { what: () => `the list to be ${JSON.stringify(expected)}; it is ${JSON.stringify(found)}`, timeoutMs: 10_000 },
  );
}

/** The files under a folder that hold these bytes. */
function filesWith(folder: string, bytes: Uint8Array): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .filter((name) => readFileSync(join(folder, name)).includes(Buffer.from(bytes)));
}

test.concurrent("[I1] the list outlives a stop, and kill -9 right after a session was opened", async (context) => {
  const { gateway, client } = await startGateway(context);
  const ids = [newSession(), newSession(), newSession()];
  for (const session_id of ids) await client().createSession({ session_id });
  await client().finalize(ids[0] ?? "");
  const [a, b, c] = ids as [string, string, string];
  const before: [string, string][] = [
    [c, "open"],
    [b, "open"],
    [a, "finalized"],
  ];
  await eventuallyListed(client(), before);
  await gateway.stop();
  await gateway.start();
  expect(await listed(client())).toEqual(before);
  const last = newSession();
  await client().createSession({ session_id: last });
  await gateway.kill9();
  await gateway.start();
  // By the room's own alarm.
  await eventuallyListed(client(), [[last, "open"], ...before]);
  expect(complaintsIn(gateway.output)).toEqual([]);
}, 60_000);

test.concurrent("[I3] deleted, a session's audio is in no file of R2, and the session stays gone after a restart", async (context) => {
  const { gateway, client } = await startGateway(context);
  const [gone, stays] = [newSession(), newSession()];
  for (const session of [gone, stays]) {
    const capture = await TestClient.connect(gateway, { session });
    for (const seq of [1, 2, 3]) await capture.keep(seq);
    await capture.leave();
    await client().finalize(session);
  }
  // Of both sessions, a chunk and a WAV each: the bytes themselves, whatever R2's own index says.
  const bytes = pcm(1, 2).subarray(1_000, 1_064);
  const r2 = join(gateway.stateDir, "v3/r2");
  expect(filesWith(r2, bytes)).toHaveLength(4);
  const receipt = await client().deleteSession(gone);
  await until(() => filesWith(r2, bytes).length === 2 || undefined, { what: "half of the files to go" });
  expect(receipt).toMatchObject({ session_id: gone, status: "deleted", by: "request", objects: 5, tracks: 1 });
  await gateway.stop();
  const bucket = await openLocalBucket(gateway.stateDir);
  try {
    expect(await bucket.keys(`sessions/${gone}/`)).toEqual([]);
    expect(await bucket.keys(`sessions/${stays}/`)).toHaveLength(5);
  } finally {
    await bucket.close();
  }
  await gateway.start();
  expect(await client().deleteSession(gone)).toEqual(receipt);
  await expect(client().state(gone)).rejects.toMatchObject({ status: 410, code: "session_deleted" });
  expect(await listed(client())).toEqual([[stays, "finalized"]]);
  expect(complaintsIn(gateway.output)).toEqual([]);
}, 60_000);

test.concurrent("[I3] kill -9 in the middle of a deletion: after a restart it goes on by itself, to the end", async (context) => {
  const { gateway, client } = await startGateway(context);
  const session = newSession();
  const capture = await TestClient.connect(gateway, { session });
  for (let seq = 1; seq <= 60; seq += 1) await capture.keep(seq);
  await capture.leave();
  await client().finalize(session);
  const asked = client()
    .deleteSession(session, { wait: false })
    .catch(() => undefined);
  await until(async () => (await fetch(`${gateway.url}/v1/sessions/${session}/state`)).status === 410 || undefined, {
    what: "the deletion to begin",
  });
  await gateway.kill9();
  await asked;
  await gateway.start();
  const bucket = await openLocalBucket(gateway.stateDir);
  try {
    await until(async () => (await bucket.keys(`sessions/${session}/`)).length === 0 || undefined, {
      what: "R2 to be empty",
      timeoutMs: 20_000,
    });
  } finally {
    await bucket.close();
  }
  expect((await client().deleteSession(session)).objects).toBe(62);
  expect(await listed(client())).toEqual([]);
}, 60_000);
