/**
 * Killed at the worst moment, the gateway loses nothing that it promised. One gateway, sessions in different states, one
 * `kill -9` of everything; each test then looks at one of them. `start-stop.long.test.ts` has workerd killed alone.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createResultsClient, type ResultsClient } from "../../client/index.ts";
import { helloFields, pcm } from "../../client/testkit/frames.ts";
import { until } from "../../client/testkit/until.ts";
import { complaintsIn, GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { type LocalBucket, openLocalBucket } from "../../scripts/local/local-bucket.ts";
import { unlimited } from "../../scripts/local/unlimited.ts";
import { newSession, sessionState } from "../support/gateway-http.ts";
import { TestClient } from "../support/ws-client.ts";

const chunkCount = 40;
const deletedCount = 60;
/** Two starts of a gateway, on a machine that may be busy. */
const arrangeTimeoutMs = 120_000;

/** Of audio that no other session has. */
const ownSeed = 3;

const gateway = new GatewayProcess({ env: unlimited });
const client = (): ResultsClient => createResultsClient({ baseUrl: gateway.url });
const acked = newSession();
const midStream = newSession();
const justOpened = newSession();
const finalized = newSession();
const deleted = newSession();
const underDeletion = newSession();
let ackedKeys: readonly string[] = [];
let receipt: unknown;
let bucket: LocalBucket | undefined;
/** A part of a chunk that both `finalized` and `deleted` have, in R2 as a chunk and in the WAV. */
const bytes = Buffer.from(pcm(ownSeed, 2).subarray(1_000, 1_064));

beforeAll(async () => {
  await gateway.start();
  for (const session of [finalized, deleted]) await keepAndFinalize(session, 3, ownSeed);
  await keepAndFinalize(underDeletion, deletedCount, 1);
  assert.equal(filesWithBytes().length, 4);
  receipt = await client().deleteSession(deleted);
  const burst = await TestClient.connect(gateway, { session: acked, encoding: "msgpack" });
  const stream = await TestClient.connect(gateway, { session: midStream });
  for (const seq of range(1, 10)) await stream.keep(seq);
  // All at once, and the kill as soon as each has promised something.
  const asked = client()
    .deleteSession(underDeletion, { wait: false })
    .catch(() => undefined);
  for (const seq of range(1, chunkCount)) burst.sendChunk(seq);
  for (const seq of range(11, chunkCount)) stream.sendChunk(seq);
  const acks = burst.take("ack", chunkCount);
  await Promise.all([
    acks,
    client().createSession({ session_id: justOpened }),
    until(isUnderDeletion, { what: "the deletion to begin" }),
  ]);
  await gateway.kill9();
  await asked;
  ackedKeys = (await acks).map(({ key }) => key);
  await gateway.start();
  bucket = await openLocalBucket(gateway.stateDir);
}, arrangeTimeoutMs);

afterAll(async () => {
  await bucket?.close();
  await gateway.dispose();
  assert.deepEqual(complaintsIn(gateway.output), []);
}, arrangeTimeoutMs);

async function keepAndFinalize(session: string, count: number, seed: number): Promise<void> {
  const capture = await TestClient.connect(gateway, { session });
  for (const seq of range(1, count)) await capture.keep(seq, { seed });
  await capture.leave();
  await client().finalize(session);
}

async function isUnderDeletion(): Promise<true | undefined> {
  return (await fetch(`${gateway.url}/v1/sessions/${underDeletion}/state`)).status === 410 || undefined;
}

/** The files of R2 that hold `bytes`, whatever R2's own index says. */
function filesWithBytes(): string[] {
  const folder = join(gateway.stateDir, "v3", "r2");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .filter((name) => readFileSync(join(folder, name)).includes(bytes));
}

async function statusesListed(): Promise<Record<string, string>> {
  const all: [string, string][] = [];
  for await (const { session_id, status } of client().allSessions()) all.push([session_id, status]);
  return Object.fromEntries(all);
}

async function expectArchived(session: string, keys: readonly string[]): Promise<void> {
  let found: string[] = [];
  await until(
    async () => {
      found = await r2().keys(`sessions/${session}/`);
      return found.length >= keys.length || undefined;
    },
    { what: () => `${keys.length} objects in R2; it has ${found.length}`, timeoutMs: 60_000 },
  );
  expect(found).toEqual(keys);
  for (const [index, key] of keys.entries()) {
    const object = await r2().read(key);
    const seq = index + 1;
    expect(object && Buffer.compare(object.bytes, pcm(1, seq)), `${key} holds the bytes that were sent`).toBe(0);
    expect(object?.metadata).toMatchObject({ session_id: session, meeting_id: session, seq: String(seq) });
    expect(object?.metadata).toMatchObject({ sample_rate: "16000", channels: "1", format: "pcm_s16le" });
  }
}

function r2(): LocalBucket {
  if (!bucket) throw new Error("the bucket is not open");
  return bucket;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

test("[K3] right after 40 acks: all are archived with no client's help", { timeout: 90_000 }, async () => {
  // No request is made until R2 has everything: the room's own alarm does it.
  await expectArchived(acked, ackedKeys);
  expect(ackedKeys).toHaveLength(chunkCount);
  const state = await sessionState(gateway, acked);
  expect(state.ingest).toMatchObject({ received_chunks: chunkCount, missing_chunks: 0, duplicate_chunks: 0 });
  expect(state.ingest.last_seq).toBe(chunkCount);
  const again = await TestClient.connect(gateway, { session: acked, encoding: "msgpack" });
  again.send(helloFields);
  expect((await again.next("ready")).resume).toEqual({ next_seq: chunkCount + 1, missing: [] });
  expect(await again.keep(chunkCount)).toMatchObject({ status: "duplicate" });
  await again.leave();
});

test("[K3] mid-stream: resume fills what was not acked", { timeout: 90_000 }, async () => {
  const again = await TestClient.connect(gateway, { session: midStream });
  again.send(helloFields);
  const { next_seq, missing } = (await again.next("ready")).resume;
  expect(missing).toEqual([]);
  expect(next_seq).toBeGreaterThan(10);
  for (const seq of range(next_seq, chunkCount)) again.sendChunk(seq);
  await again.take("ack", chunkCount - next_seq + 1);
  again.send({ type: "end", last_seq: chunkCount });
  expect(await again.next("ended")).toMatchObject({ complete: true });
  await again.leave();
  await expectArchived(
    midStream,
    ackedKeys.map((key) => key.replace(acked, midStream)),
  );
});

test("[I3] in the middle of a deletion: it goes on by itself, to the end", { timeout: 90_000 }, async () => {
  await until(async () => (await r2().keys(`sessions/${underDeletion}/`)).length === 0 || undefined, {
    what: "R2 to be empty",
    timeoutMs: 60_000,
  });
  expect((await client().deleteSession(underDeletion)).objects).toBe(deletedCount + 3);
});

test(
  "[I1] right after a session was opened: it is listed, and the others as they were, also after a stop",
  { timeout: 90_000 },
  async () => {
    const expected = { [justOpened]: "open", [acked]: "open", [midStream]: "open", [finalized]: "finalized" };
    let found: Record<string, string> = {};
    await until(
      async () => {
        found = await statusesListed();
        return Object.keys(found).toSorted().join() === Object.keys(expected).toSorted().join() || undefined;
      },
      { what: () => `the list to be ${JSON.stringify(expected)}; it is ${JSON.stringify(found)}`, timeoutMs: 60_000 },
    );
    expect(found).toEqual(expected);
    await gateway.stop();
    await gateway.start();
    expect(await statusesListed()).toEqual(expected);
  },
);

test("[I3] deleted before, a session's audio is in no file of R2, and the session stays gone", async () => {
  expect(receipt).toMatchObject({ session_id: deleted, status: "deleted", by: "request", objects: 6, tracks: 1 });
  await until(() => filesWithBytes().length === 2 || undefined, { what: "half of the files to go" });
  expect(await r2().keys(`sessions/${deleted}/`)).toEqual([]);
  expect(await r2().keys(`sessions/${finalized}/`)).toHaveLength(6);
  expect(await client().deleteSession(deleted)).toEqual(receipt);
  await expect(client().state(deleted)).rejects.toMatchObject({ status: 410, code: "session_deleted" });
});
