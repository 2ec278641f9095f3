import { expect, test } from "vitest";
import { pcmOf, range } from "./support/audio.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

async function keptSeqs(room: RoomUnderTest, track = "mixed"): Promise<unknown[]> {
  const rows = await room.rows("SELECT seq FROM chunks WHERE track = ? ORDER BY seq", track);
  return rows.map((row) => row["seq"]);
}

test("[K1] when the ack arrives, bytes, hash and ledger are in SQLite", async () => {
  const room = new RoomUnderTest(newSession());
  bucketFaults(room.sessionId).holdPuts();
  const client = await Client.connect(room.sessionId);
  const ack = await client.keep(1);
  const [row] = await room.rows("SELECT track, timestamp_ms, hex(sha256) AS sha256, pcm FROM chunks WHERE seq = 1");
  expect(row).toMatchObject({ track: "mixed", timestamp_ms: 1_750_000_001_000, sha256: ack.sha256.toUpperCase() });
  expect(new Uint8Array(row?.["pcm"] as ArrayBuffer)).toEqual(pcmOf(1));
  expect(await room.rows("SELECT last_seq, received_chunks FROM tracks")).toEqual([
    { last_seq: 1, received_chunks: 1 },
  ]);
});

test("[K1] evictions in the middle of a burst lose no acked chunk and repeat none", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  const seqs = range(1, 60);
  for (const seq of seqs) {
    client.sendChunk(seq);
    if (seq % 20 === 0) await room.evict();
  }
  for (const seq of seqs) expect(await client.nextOf("ack")).toMatchObject({ seq, status: "stored" });
  await room.evict();
  expect(await keptSeqs(room)).toEqual(seqs);
  expect(await client.hello()).toMatchObject({ ingest: { received_chunks: 60, contiguous_seq: 60 } });
});

test("[K10] a burst that its client closes behind, waiting for no ack, is kept whole", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  const seqs = range(2, 40);
  for (const seq of seqs) client.sendChunk(seq);
  client.close();
  await eventually("all is kept", async () => (await room.count("chunks")) === 40);
  expect(await keptSeqs(room)).toEqual([1, ...seqs]);
});

test("[K10] [W9] in a burst, nothing behind the frame that ends the connection is kept", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  client.sendChunk(2);
  for (const _ of range(1, 32)) client.send("{");
  for (const seq of range(3, 20)) client.sendChunk(seq);
  await client.expectClose(4400);
  expect(await keptSeqs(room)).toEqual([1, 2]);
  expect(await room.rows("SELECT rejected_chunks FROM tracks")).toEqual([{ rejected_chunks: 32 }]);
});

test("[K1] a killed room has every acked chunk, and a new connection goes on from there", async () => {
  const room = new RoomUnderTest(newSession());
  bucketFaults(room.sessionId).holdPuts();
  const client = await Client.connect(room.sessionId);
  await client.keepAll([1, 2, 3, 6]);
  await room.kill();
  expect(await keptSeqs(room)).toEqual([1, 2, 3, 6]);
  const resumed = await Client.connect(room.sessionId);
  expect((await resumed.hello()).resume).toEqual({ next_seq: 7, missing: [[4, 5]] });
  await resumed.keepAll([4, 5, 7]);
  resumed.send({ type: "end", last_seq: 7 });
  expect(await resumed.nextOf("ended")).toMatchObject({ complete: true, missing: [] });
});

test("[K1] a hibernated connection wakes with its track and its encoding", async () => {
  const room = new RoomUnderTest(newSession());
  const byUrl = await Client.connect(room.sessionId, { track: "mic", encoding: "msgpack" });
  const byHello = await Client.connect(room.sessionId);
  await byUrl.keep(1);
  await byHello.hello({ track: "desk" });
  await room.evict();
  await byUrl.keep(2);
  await room.evict();
  await byHello.keep(1);
  expect(await keptSeqs(room, "mic")).toEqual([1, 2]);
  expect(await keptSeqs(room, "desk")).toEqual([1]);
  expect(await keptSeqs(room)).toEqual([]);
});

test("[W9] bad frames in a row are counted across hibernation", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  for (const _ of range(1, 31)) await client.refused("{", "bad_json");
  await room.evict();
  await client.refused("{", "bad_json");
  expect(await client.nextOf("error")).toMatchObject({ code: "too_many_errors" });
  await client.expectClose(4400);
});

test("[K2] the same bytes again are a duplicate, before and after R2 has them and across eviction", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  const first = await client.keep(1);
  expect(await client.keep(1)).toMatchObject({ status: "duplicate", sha256: first.sha256, duplicate_count: 1 });
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  await room.evict();
  expect(await client.keep(1)).toMatchObject({ status: "duplicate", sha256: first.sha256, duplicate_count: 2 });
  expect(await room.count("chunks")).toBe(1);
  expect(await room.pending()).toBe(0);
});

test("[K2] other bytes under a kept seq are refused, and the first ones stay", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  client.sendChunk(1, pcmOf(1, 1));
  expect(await client.nextOf("error")).toMatchObject({ code: "seq_conflict", seq: 1, retryable: false });
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  client.sendChunk(1, pcmOf(1, 1));
  expect(await client.nextOf("error")).toMatchObject({ code: "seq_conflict" });
  expect(await room.stored(1)).toEqual(pcmOf(1));
  await client.keep(2);
});

test("[K2] two tracks keep the same seq apart", async () => {
  const room = new RoomUnderTest(newSession());
  const mic = await Client.connect(room.sessionId, { track: "mic" });
  const desk = await Client.connect(room.sessionId, { track: "desk" });
  await mic.keep(1, pcmOf(1, 1));
  expect(await desk.keep(1, pcmOf(1, 2))).toMatchObject({ status: "stored" });
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  expect(await room.stored(1, "mic")).toEqual(pcmOf(1, 1));
  expect(await room.stored(1, "desk")).toEqual(pcmOf(1, 2));
});
