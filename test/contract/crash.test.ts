/** Killed at the worst moments, the gateway loses no acked second. Each test has a gateway of its own; they run at once. */
import { expect, test, type TestContext } from "vitest";
import { helloFields, pcm } from "../../client/testkit/frames.ts";
import { newSession, sessionState } from "../support/gateway-http.ts";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { type LocalBucket, openLocalBucket } from "../../scripts/local/local-bucket.ts";
import { until } from "../../client/testkit/until.ts";
import { TestClient } from "../support/ws-client.ts";

const chunkCount = 40;

type Closing = Pick<TestContext, "onTestFinished">;

async function startGateway({ onTestFinished }: Closing): Promise<GatewayProcess> {
  const gateway = new GatewayProcess();
  onTestFinished(() => gateway.dispose());
  await gateway.start();
  return gateway;
}

async function openBucket({ onTestFinished }: Closing, gateway: GatewayProcess): Promise<LocalBucket> {
  const bucket = await openLocalBucket(gateway.stateDir);
  onTestFinished(() => bucket.close());
  return bucket;
}

/** Sends chunks 1 to `count` in one burst and reads their acks. */
async function stream(client: TestClient, count: number): Promise<string[]> {
  for (let seq = 1; seq <= count; seq += 1) client.sendChunk(seq);
  const acks = await client.take("ack", count);
  expect(acks.map(({ seq, status }) => [seq, status])).toEqual(
    Array.from({ length: count }, (_, i) => [i + 1, "stored"]),
  );
  return acks.map(({ key }) => key);
}

/** Waits until R2 has all keys, then compares every byte with what was sent. */
async function expectArchived(bucket: LocalBucket, session: string, keys: readonly string[]): Promise<void> {
  let found: string[] = [];
  await until(
    async () => {
      found = await bucket.keys(`sessions/${session}/`);
      return found.length >= keys.length || undefined;
    },
    { what: () => `${keys.length} objects in R2; it has ${found.length}`, timeoutMs: 20_000 },
  );
  expect(found).toEqual(keys);
  for (const [index, key] of keys.entries()) {
    const object = await bucket.read(key);
    const seq = index + 1;
    expect(object && Buffer.compare(object.bytes, pcm(1, seq)), `${key} holds the bytes that were sent`).toBe(0);
    expect(object?.metadata).toMatchObject({ session_id: session, meeting_id: session, seq: String(seq) });
    expect(object?.metadata).toMatchObject({ sample_rate: "16000", channels: "1", format: "pcm_s16le" });
  }
}

test.concurrent("[K3] kill -9 of everything right after 40 acks: all are archived with no client's help", async (context) => {
  const gateway = await startGateway(context);
  const session = newSession();
  const client = await TestClient.connect(gateway, { session, encoding: "msgpack" });
  const keys = await stream(client, chunkCount);
  await gateway.kill9();
  await gateway.start();
  const bucket = await openBucket(context, gateway);
  // No request is made until R2 has everything: the room's own alarm does it.
  await expectArchived(bucket, session, keys);
  const state = await sessionState(gateway, session);
  expect(state.ingest).toMatchObject({ received_chunks: chunkCount, missing_chunks: 0, duplicate_chunks: 0 });
  expect(state.ingest.last_seq).toBe(chunkCount);
  const again = await TestClient.connect(gateway, { session, encoding: "msgpack" });
  again.send(helloFields);
  expect((await again.next("ready")).resume).toEqual({ next_seq: chunkCount + 1, missing: [] });
  expect(await again.keep(chunkCount)).toMatchObject({ status: "duplicate" });
  await again.leave();
  // Two starts of a gateway, beside two others.
}, 60_000);

test.concurrent("[K3] kill -9 of the rooms' workerd alone, mid-stream: the gateway ends, and after a new start resume fills what was not acked", async (context) => {
  const gateway = await startGateway(context);
  const session = newSession();
  const client = await TestClient.connect(gateway, { session });
  const keys = await stream(client, 10);
  for (let seq = 11; seq <= chunkCount; seq += 1) client.sendChunk(seq);
  gateway.killWorkerd();
  await until(() => client.socket.readyState === client.socket.CLOSED || undefined, {
    what: "the connection to break",
  });
  await until(() => !gateway.isRunning || undefined, { what: "the gateway to end", timeoutMs: 10_000 });
  await gateway.start();
  const again = await TestClient.connect(gateway, { session });
  again.send(helloFields);
  const { next_seq, missing } = (await again.next("ready")).resume;
  expect(missing).toEqual([]);
  expect(next_seq).toBeGreaterThan(10);
  for (let seq = next_seq; seq <= chunkCount; seq += 1) again.sendChunk(seq);
  await again.take("ack", chunkCount - next_seq + 1);
  again.send({ type: "end", last_seq: chunkCount });
  expect(await again.next("ended")).toMatchObject({ complete: true });
  await again.leave();
  const allKeys = Array.from({ length: chunkCount }, (_, i) => (keys[0] ?? "").replace("01.pcm", `${pad(i + 1)}.pcm`));
  await expectArchived(await openBucket(context, gateway), session, allKeys);
}, 60_000);

function pad(seq: number): string {
  return String(seq).padStart(2, "0");
}
