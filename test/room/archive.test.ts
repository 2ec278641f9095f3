import { expect, test } from "vitest";
import { toHex } from "../../schemas/chain.ts";
import { pcmOf, range, timestampOf } from "./support/audio.ts";
import { bindings } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const drained = (room: RoomUnderTest) => async (): Promise<boolean> => (await room.pending()) === 0;

async function expectArchived(room: RoomUnderTest, seqs: readonly number[], track = "mixed"): Promise<void> {
  for (const seq of seqs) expect(await room.stored(seq, track), `chunk ${seq}`).toEqual(pcmOf(seq));
}

test("[K3] a kept chunk is in R2 under its key, with its checksum and its metadata", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId, { track: "mic" });
  const ack = await client.keep(7);
  await room.wakeUntil("archived", drained(room));
  expect(ack.key).toBe(`sessions/${room.sessionId}/tracks/mic/chunks/00000007.pcm`);
  const object = await bindings.RESULT_BUCKET.head(ack.key);
  expect(toHex(new Uint8Array(object?.checksums.sha256 ?? new ArrayBuffer(0)))).toBe(ack.sha256);
  expect(object?.customMetadata).toEqual({
    session_id: room.sessionId,
    meeting_id: room.sessionId,
    track: "mic",
    seq: "7",
    timestamp_ms: String(timestampOf(7)),
    sample_rate: "16000",
    channels: "1",
    format: "pcm_s16le",
    peaks: expect.stringMatching(/^[0-9a-f]{20}$/) as unknown,
  });
  await expectArchived(room, [7], "mic");
});

test("[K3] R2 down for a while: every chunk is acked, none is lost, all arrive when it is back", async () => {
  const room = new RoomUnderTest(newSession());
  const faults = bucketFaults(room.sessionId);
  faults.failPuts();
  const client = await Client.connect(room.sessionId);
  await client.keepAll(range(1, 12));
  for (const _ of range(1, 4)) expect(await room.wake()).toBe(true);
  expect(await room.pending()).toBe(12);
  expect(await room.storedKeys()).toEqual([]);
  faults.heal();
  await room.wakeUntil("archived", drained(room));
  await expectArchived(room, range(1, 12));
  expect(await room.storedKeys()).toHaveLength(12);
});

test("[K3] while R2 is down the alarm stays armed, and comes later each time up to a minute", async () => {
  const room = new RoomUnderTest(newSession());
  bucketFaults(room.sessionId).failPuts();
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  const delays: number[] = [];
  for (const _ of range(1, 12)) {
    await room.wake();
    delays.push(((await room.alarmAt()) ?? 0) - clock.now());
  }
  for (const delay of delays) expect(delay).toBeGreaterThan(0);
  expect(Math.max(...delays)).toBeLessThanOrEqual(60_000);
  expect(delays.at(-1)).toBeGreaterThanOrEqual(30_000);
});

test("[K3] a room evicted with chunks pending archives them by its alarm, without the client", async () => {
  const room = new RoomUnderTest(newSession());
  const faults = bucketFaults(room.sessionId);
  faults.failPuts();
  const client = await Client.connect(room.sessionId);
  await client.keepAll(range(1, 5));
  client.close();
  await room.evict();
  expect(await room.storedKeys()).toEqual([]);
  faults.heal();
  await room.wakeUntil("archived", drained(room));
  await expectArchived(room, range(1, 5));
});

test("[K3] a room killed while puts are on their way archives all of them again", async () => {
  const room = new RoomUnderTest(newSession());
  const faults = bucketFaults(room.sessionId);
  const release = faults.holdPuts();
  const client = await Client.connect(room.sessionId);
  await client.keepAll(range(1, 9));
  await eventually("a put is on its way", () => faults.puts.length > 0);
  await room.kill();
  expect(await room.pending()).toBe(9);
  release();
  faults.heal();
  await room.wakeUntil("archived", drained(room));
  await expectArchived(room, range(1, 9));
});

test("[K3] a put whose answer is lost is repeated and changes nothing", async () => {
  const room = new RoomUnderTest(newSession());
  const faults = bucketFaults(room.sessionId);
  faults.loseAnswers();
  const client = await Client.connect(room.sessionId);
  await client.keepAll([1, 2]);
  await room.wake();
  expect(await room.pending()).toBe(2);
  faults.heal();
  await room.wakeUntil("archived", drained(room));
  await expectArchived(room, [1, 2]);
});

test("[K3] one chunk that R2 does not take holds up no other", async () => {
  const room = new RoomUnderTest(newSession());
  const faults = bucketFaults(room.sessionId);
  faults.failPuts((key) => key === room.key(2));
  const client = await Client.connect(room.sessionId);
  await client.keepAll(range(1, 30));
  await room.wakeUntil("all but one", async () => (await room.pending()) === 1);
  expect(await room.rows("SELECT seq FROM chunks WHERE pcm IS NOT NULL")).toEqual([{ seq: 2 }]);
  client.send({ type: "status" });
  expect(await client.nextOf("status")).toMatchObject({ archived_seq: 1, last_seq: 30 });
  faults.heal();
  await room.wakeUntil("archived", drained(room));
  await expectArchived(room, range(1, 30));
});

test("[K3] R2 refuses bytes that are not the ones acked, and they stay pending", async () => {
  const room = new RoomUnderTest(newSession());
  const faults = bucketFaults(room.sessionId);
  faults.failPuts();
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  await room.rows("UPDATE ledger SET audio = zeroblob(32000)");
  faults.heal();
  await room.wakeUntil("it was tried again", () => Promise.resolve(faults.puts.length > 1));
  expect(await room.pending()).toBe(1);
  expect(await room.storedKeys()).toEqual([]);
});

test("[K4] bytes stay in SQLite only until R2 has them", async () => {
  const room = new RoomUnderTest(newSession());
  const faults = bucketFaults(room.sessionId);
  faults.failPuts();
  const client = await Client.connect(room.sessionId, { encoding: "msgpack" });
  await client.keepAll(range(1, 200));
  expect(await room.pending()).toBe(200);
  faults.heal();
  await room.wakeUntil("archived", drained(room));
  expect(await room.count("chunks")).toBe(200);
  expect(await room.count("chunks", "pcm IS NOT NULL")).toBe(0);
  expect(await room.storedKeys()).toHaveLength(200);
  const { ingest } = await client.hello();
  expect(ingest).toMatchObject({ archived_seq: 200, contiguous_seq: 200, bytes_stored: 200 * 32_000 });
  await room.evict();
  await expectArchived(room, [1, 100, 200]);
});

test("[K7] R2 hangs: acks go on", async () => {
  const room = new RoomUnderTest(newSession());
  const faults = bucketFaults(room.sessionId);
  const release = faults.holdPuts();
  const client = await Client.connect(room.sessionId);
  await client.keepAll(range(1, 20));
  expect(await room.pending()).toBe(20);
  expect(faults.puts.length).toBeLessThanOrEqual(4);
  release();
  faults.heal();
  await eventually("the released puts and the rest are archived", drained(room));
  await expectArchived(room, range(1, 20));
});

test("[K3] one put that hangs holds up no other chunk", async () => {
  const room = new RoomUnderTest(newSession());
  const faults = bucketFaults(room.sessionId);
  const release = faults.holdPuts((key) => key === room.key(1));
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  await eventually("the first put is on its way", () => faults.puts.length > 0);
  await client.keepAll(range(2, 10));
  await eventually("all others are archived", async () => (await room.pending()) === 1, 3_000);
  release();
  await eventually("the first one is archived too", drained(room));
  expect(await room.storedKeys()).toHaveLength(10);
});
