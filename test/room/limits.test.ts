import { expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { chunkFrame, pcmOf, range } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

test("[W7] [limit:maxTracksPerSession] a session has 16 tracks; the 17th is refused, and the others go on", async () => {
  const room = new RoomUnderTest(newSession());
  const clients: Client[] = [];
  for (const n of range(1, limits.maxTracksPerSession)) {
    const client = await Client.connect(room.sessionId, { track: `t${n}` });
    await client.keep(1);
    clients.push(client);
  }
  const before = await room.count("tracks");
  const byUrl = await Client.connect(room.sessionId, { track: "t17" });
  expect(await byUrl.nextOf("error")).toMatchObject({ code: "forbidden" });
  await byUrl.expectClose(4403);
  const byHello = await Client.connect(room.sessionId);
  await byHello.refused(
    { type: "hello", track: "t17", sample_rate: 16_000, channels: 1, format: "pcm_s16le" },
    "forbidden",
  );
  await byHello.expectClose(4403);
  const byChunk = await Client.connect(room.sessionId);
  byChunk.sendChunk(1);
  expect(await byChunk.nextOf("error")).toMatchObject({ code: "forbidden" });
  await byChunk.expectClose(4403);
  expect(await room.count("tracks")).toBe(before);
  for (const client of clients) await client.keep(2);
  const again = await Client.connect(room.sessionId, { track: "t1" });
  await again.keep(3);
});

test("[K5] [limit:maxSeqAhead] seq may be a day ahead of the last kept chunk, and not one more", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keep(5);
  client.sendChunk(5 + limits.maxSeqAhead + 1);
  expect(await client.nextOf("error")).toMatchObject({ code: "seq_out_of_range", seq: 5 + limits.maxSeqAhead + 1 });
  expect(await client.keep(5 + limits.maxSeqAhead)).toMatchObject({
    status: "stored",
    missing_count: 4 + limits.maxSeqAhead - 1,
  });
});

test("[K5] [limit:maxSeq] the highest seq is eight nines", async () => {
  const room = new RoomUnderTest(newSession());
  await (await Client.connect(room.sessionId)).keep(1);
  await room.rows("UPDATE track_rows SET last_seq = ?", limits.maxSeq - 1);
  await room.rows("INSERT INTO gaps VALUES ('mixed', 2, ?)", limits.maxSeq - 2);
  await room.kill();
  const client = await Client.connect(room.sessionId);
  client.sendChunk(limits.maxSeq + 1);
  expect(await client.nextOf("error")).toMatchObject({ code: "seq_out_of_range" });
  expect((await client.keep(limits.maxSeq)).key).toMatch(/\/99999999\.pcm$/);
});

test("[K6] [limit:maxMissingRanges] 64 missing ranges are listed, and all missing chunks counted", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId, { encoding: "msgpack" });
  const gaps = limits.maxMissingRanges + 3;
  await client.keepAll(range(0, gaps).map((n) => 1 + 2 * n));
  client.send({ type: "status" });
  const status = await client.nextOf("status");
  expect(status.missing).toEqual(range(1, limits.maxMissingRanges).map((n) => [2 * n, 2 * n]));
  expect(status).toMatchObject({ missing_chunks: gaps, contiguous_seq: 1, last_seq: 1 + 2 * gaps });
  expect((await client.hello()).resume.missing).toHaveLength(limits.maxMissingRanges);
  await client.keepAll(range(1, gaps).map((n) => 2 * n));
  expect((await client.hello()).resume).toEqual({ next_seq: 2 + 2 * gaps, missing: [] });
});

test("[W9] [limit:maxConsecutiveBadFrames] 31 bad frames in a row are borne, the 32nd ends the connection; a good one starts anew", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId, { track: "mic" });
  const borne = limits.maxConsecutiveBadFrames - 1;
  for (const _ of range(1, borne)) await client.refused("{", "bad_json");
  await client.keep(1);
  for (const _ of range(1, borne)) await client.refused("{", "bad_json");
  await client.refused("{", "bad_json");
  expect(await client.nextOf("error")).toMatchObject({ code: "too_many_errors", retryable: false });
  await client.expectClose(4400);
  expect(await room.rows("SELECT rejected_chunks FROM tracks")).toEqual([{ rejected_chunks: 2 * borne + 1 }]);
});

test("[W7] [L7] [limit:maxMessageBytes] a message of 65,536 is read, one more is too large and ends the connection", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  const frame = chunkFrame({ sessionId: room.sessionId, seq: 1, pcm: pcmOf(1), encoding: "json" });
  const padded = (size: number): string => {
    const bare = JSON.stringify({ ...frame, pad: "" }).length;
    return JSON.stringify({ ...frame, pad: "x".repeat(size - bare) });
  };
  client.send(padded(limits.maxMessageBytes));
  expect(await client.nextOf("ack")).toMatchObject({ seq: 1 });
  client.send(padded(limits.maxMessageBytes + 1));
  expect(await client.nextOf("error")).toMatchObject({ code: "message_too_large" });
  await client.expectClose(4413);
});

test("[W6] the newest connection of a track wins it, across hibernation, and other tracks go on", async () => {
  const room = new RoomUnderTest(newSession());
  const older = await Client.connect(room.sessionId, { track: "mic" });
  const other = await Client.connect(room.sessionId, { track: "desk" });
  await older.keep(1);
  await room.evict();
  const newer = await Client.connect(room.sessionId);
  await newer.hello({ track: "mic" });
  expect(await older.nextOf("closing")).toMatchObject({ reason: "superseded" });
  await older.expectClose(4409);
  await newer.keep(2);
  await other.keep(1);
});

test("[W6] opening a connection takes nothing, across hibernation: the first chunk does", async () => {
  const room = new RoomUnderTest(newSession());
  const streaming = await Client.connect(room.sessionId, { track: "mic" });
  await streaming.keep(1);
  const silent = await Client.connect(room.sessionId, { track: "mic" });
  await room.evict();
  await streaming.keep(2);
  await silent.keep(3);
  expect(await streaming.nextOf("closing")).toMatchObject({ reason: "superseded" });
  await streaming.expectClose(4409);
});

test("[W6] a late first frame of an older connection can't take the track back", async () => {
  const room = new RoomUnderTest(newSession());
  const older = await Client.connect(room.sessionId, { track: "mic" });
  const newer = await Client.connect(room.sessionId, { track: "mic" });
  await room.evict();
  await newer.keep(1);
  older.sendChunk(2);
  expect(await older.nextOf("closing")).toMatchObject({ reason: "superseded" });
  await older.expectClose(4409);
  expect(await newer.keep(2)).toMatchObject({ status: "stored" });
});

test("[S2] events are numbered from 1 without holes, across eviction", async () => {
  const room = new RoomUnderTest(newSession());
  await (await Client.connect(room.sessionId, { track: "a" })).keep(1);
  await room.evict();
  await (await Client.connect(room.sessionId, { track: "b" })).keep(1);
  const events = await room.rows("SELECT event_id FROM events ORDER BY event_id");
  expect(events).toEqual([{ event_id: 1 }, { event_id: 2 }]);
});
