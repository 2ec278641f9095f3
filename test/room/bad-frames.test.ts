import { encode } from "@msgpack/msgpack";
import { expect, test } from "vitest";
import { encodeBase64 } from "../../schemas/wire/base64.ts";
import { limits } from "../../schemas/limits.ts";
import { chunkFrame, pcmOf, range } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

/**
 * All that is stored of the session but what counts refused frames. A track's row has its pace as of when it was last written, which a
 * refusal may be: the room works out the pace from the chunks since, so it is left out.
 */
async function everythingElse(room: RoomUnderTest): Promise<object> {
  const rest = await room.dump(["tracks", "gap_notes"]);
  const tracks = await room.rows("SELECT * FROM tracks");
  return { ...rest, tracks: tracks.map((row) => ({ ...row, rejected_chunks: 0, pace_ms: 0 })) };
}

const pcm = pcmOf(3);
const good = (sessionId: string) => chunkFrame({ sessionId, seq: 3, pcm, encoding: "json" });

const badFrames: readonly [string, string, (sessionId: string) => string | object][] = [
  ["text that is not JSON", "bad_json", () => "{"],
  ["an empty text", "bad_json", () => ""],
  ["JSON that is no map", "bad_frame", () => "[1]"],
  ["no type", "unknown_type", () => ({ seq: 3 })],
  ["an unknown type", "unknown_type", () => ({ type: "__proto__" })],
  ["another meeting", "meeting_mismatch", (id) => ({ ...good(id), meeting_id: `${id}x` })],
  ["seq 0", "bad_frame", (id) => ({ ...good(id), seq: 0 })],
  ["a fractional seq", "bad_frame", (id) => ({ ...good(id), seq: 1.5 })],
  ["a seq far ahead", "seq_out_of_range", (id) => ({ ...good(id), seq: 2 + limits.maxSeqAhead + 1 })],
  ["no timestamp", "bad_frame", (id) => ({ ...good(id), timestamp_ms: undefined })],
  ["44.1 kHz", "bad_audio_format", (id) => ({ ...good(id), sample_rate: 44_100 })],
  ["stereo", "bad_audio_format", (id) => ({ ...good(id), channels: 2 })],
  ["float samples", "bad_audio_format", (id) => ({ ...good(id), format: "pcm_f32le" })],
  ["url-safe base64", "bad_base64", (id) => ({ ...good(id), content_b64: "-_".repeat(4) })],
  ["base64 without padding", "bad_base64", (id) => ({ ...good(id), content_b64: "AAA" })],
  ["a byte too few", "bad_chunk_size", (id) => ({ ...good(id), content_b64: encodeBase64(pcm.subarray(1)) })],
  [
    "a byte too many",
    "bad_chunk_size",
    (id) => ({ ...good(id), content_b64: encodeBase64(new Uint8Array([...pcm, 0])) }),
  ],
  ["other bytes under a kept seq", "seq_conflict", (id) => ({ ...good(id), seq: 1 })],
  ["an end below the last chunk", "bad_frame", () => ({ type: "end", last_seq: 1 })],
  ["an end far ahead", "seq_out_of_range", () => ({ type: "end", last_seq: 2 + limits.maxSeqAhead + 1 })],
  [
    "a hello for another track",
    "bad_frame",
    () => ({ type: "hello", track: "other", sample_rate: 16_000, channels: 1, format: "pcm_s16le" }),
  ],
  [
    "a hello in another format",
    "bad_audio_format",
    () => ({ type: "hello", sample_rate: 8_000, channels: 1, format: "pcm_s16le" }),
  ],
];

test.for(badFrames)("[K5] %s is refused and changes nothing but rejected_chunks", async ([, code, frame]) => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keepAll([1, 2]);
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  const before = await everythingElse(room);
  await client.refused(frame(room.sessionId), code);
  expect(await everythingElse(room)).toEqual(before);
  expect(await room.rows("SELECT rejected_chunks FROM tracks")).toEqual([{ rejected_chunks: 1 }]);
  expect(await client.keep(3)).toMatchObject({ status: "stored", last_seq: 3 });
});

const badBytes: readonly [string, Uint8Array][] = [
  ["no bytes", new Uint8Array(0)],
  ["truncated MessagePack", encode({ type: "status" }).subarray(0, 5)],
  ["two MessagePack values", new Uint8Array([...encode({ type: "status" }), 0xc0])],
  ["a length that lies", new Uint8Array([0xc6, 0xff, 0xff, 0xff, 0xff, 0])],
  ["an array that lies", new Uint8Array([0xdd, 0x7f, 0xff, 0xff, 0xff])],
];

test.for(badBytes)("[K5] binary frame: %s is refused and changes nothing but rejected_chunks", async ([, bytes]) => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId, { encoding: "msgpack" });
  await client.keep(1);
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  const before = await everythingElse(room);
  client.sendBytes(bytes);
  expect(await client.nextOf("error")).toMatchObject({ code: "bad_msgpack" });
  expect(await everythingElse(room)).toEqual(before);
  await client.keep(2);
});

test("[K5] a chunk refused as a connection's first frame opens no track", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  const before = await room.dump();
  await client.refused({ ...good(room.sessionId), seq: limits.maxSeqAhead + 1 }, "seq_out_of_range");
  expect(await room.dump()).toEqual(before);
});

test("[K5] an end refused as a connection's first frame opens no track and pushes nobody off one", async () => {
  const room = new RoomUnderTest(newSession());
  const stranger = await Client.connect(room.sessionId);
  const before = await room.dump();
  await stranger.refused({ type: "end", last_seq: limits.maxSeqAhead + 1 }, "seq_out_of_range");
  expect(await room.dump()).toEqual(before);
  const capture = await Client.connect(room.sessionId);
  await capture.keepAll([1, 2]);
  await stranger.refused({ type: "end", last_seq: 1 }, "bad_frame");
  await stranger.refused({ type: "end", last_seq: limits.maxSeqAhead + 3 }, "seq_out_of_range");
  expect(await capture.keep(3)).toMatchObject({ status: "stored" });
});

test("[N2] a frame of another meeting is refused, in a chunk and in hello", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  const audio = { sample_rate: 16_000, channels: 1, format: "pcm_s16le" };
  await client.refused({ ...good(room.sessionId), meeting_id: `${room.sessionId}x` }, "meeting_mismatch");
  await client.refused({ type: "hello", meeting_id: "other", ...audio }, "meeting_mismatch");
  expect(await room.count("chunks")).toBe(0);
});

test("[K5] bad frames before the track is known are counted once it is", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  for (const _ of range(1, 3)) await client.refused("{", "bad_json");
  await room.evict();
  expect((await client.hello({ track: "mic" })).ingest).toMatchObject({ rejected_chunks: 3, received_chunks: 0 });
});
