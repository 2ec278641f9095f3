import { expect, test } from "vitest";
import { sessionResultSchema } from "../../schemas/http/result.ts";
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { wavHeadBytes } from "../../schemas/speech/wav-head.ts";
import { pcmOf, range } from "./support/audio.ts";
import { bindings, gateway } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { get, post } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

const seconds = 40;
const seqs = [...range(1, 9), ...range(11, seconds)];
const { RESULT_BUCKET: bucket } = bindings;
const wavKey = (room: RoomUnderTest): string => `sessions/${room.sessionId}/audio/mic.wav`;
const audio = (room: RoomUnderTest, query = "", headers: Record<string, string> = {}): Promise<Response> =>
  gateway(`/v1/sessions/${room.sessionId}/audio.wav${query}`, { headers });

async function finalized(): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId, { encoding: "msgpack", track: "mic" });
  await client.keepAll(seqs);
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  expect((await post(room.sessionId, "finalize")).status).toBe(200);
  return room;
}

async function bytesOf(key: string): Promise<Uint8Array<ArrayBuffer>> {
  const object = await bucket.get(key);
  if (!object) throw new Error(`there is no ${key}`);
  return new Uint8Array(await object.arrayBuffer());
}

/** Turns one bit of a stored object. */
async function flip(key: string, at: number): Promise<void> {
  const bytes = await bytesOf(key);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await bucket.put(key, bytes);
}

const same = (a: Uint8Array, b: Uint8Array): boolean =>
  a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i]);

/** What may have become of the one file that finalize made, and what of its bytes were asked for. */
const damages: readonly [string, (room: RoomUnderTest) => Promise<unknown>][] = [
  ["has another byte in its first second", (room) => flip(wavKey(room), wavHeadBytes)],
  ["has another byte in its last second", (room) => flip(wavKey(room), wavHeadBytes + seconds * chunkBytes - 1)],
  ["has sound in a gap", (room) => flip(wavKey(room), wavHeadBytes + 9 * chunkBytes + 5)],
  ["has another head", (room) => flip(wavKey(room), 24)],
  [
    "is cut short",
    async (room) => bucket.put(wavKey(room), (await bytesOf(wavKey(room))).slice(0, 5 * chunkBytes + 77)),
  ],
  ["is longer", async (room) => bucket.put(wavKey(room), new Blob([await bytesOf(wavKey(room)), "more"]))],
  ["is empty", (room) => bucket.put(wavKey(room), "")],
  ["is another track's", (room) => bucket.put(wavKey(room), new Uint8Array(wavHeadBytes + seconds * chunkBytes))],
];
test.for(damages)("[A8] the WAV of a track %s: whole and in ranges it is what was kept", async ([, damage]) => {
  const room = await finalized();
  const whole = new Uint8Array(await (await audio(room)).arrayBuffer());
  await damage(room);
  expect(same(new Uint8Array(await (await audio(room)).arrayBuffer()), whole), "the whole").toBe(true);
  const size = whole.byteLength;
  const ranges = [
    [0, 99],
    [40, wavHeadBytes + 2],
    [wavHeadBytes + 9 * chunkBytes - 1, wavHeadBytes + 10 * chunkBytes + 1],
    [wavHeadBytes + 20 * chunkBytes + 11, wavHeadBytes + 20 * chunkBytes + 11],
    [size - 3, size - 1],
  ] as const;
  for (const [from, to] of ranges) {
    const part = await audio(room, "", { range: `bytes=${from}-${to}` });
    const bytes = new Uint8Array(await part.arrayBuffer());
    expect([part.status, same(bytes, whole.slice(from, to + 1))], `bytes ${from} to ${to}`).toEqual([206, true]);
  }
  const stretch = new Uint8Array(await (await audio(room, "?from_ms=8500&to_ms=10250")).arrayBuffer());
  const from = wavHeadBytes + 8.5 * chunkBytes;
  expect(same(stretch.slice(wavHeadBytes), whole.slice(from, from + 1.75 * chunkBytes))).toBe(true);
});

test("[A8] a second that is damaged in the file and gone as a chunk is never given out", async () => {
  const room = await finalized();
  await flip(wavKey(room), wavHeadBytes + 19 * chunkBytes + 100);
  await bucket.delete(room.key(20, "mic"));
  const at = wavHeadBytes + 19 * chunkBytes;
  const answer = await audio(room, "", { range: `bytes=${at}-${at + 9}` });
  expect([answer.status, await answer.json()]).toMatchObject([503, { code: "audio_unavailable" }]);
  // Found in the middle, it ends the answer before its `Content-Length`.
  await expect(audio(room).then((whole) => whole.arrayBuffer())).rejects.toThrow("R2 lacks");
  expect((await audio(room, "?to_ms=19000")).status).toBe(200);
});

test("[A8] an undamaged file costs one read of R2, whatever of it is asked for", async () => {
  const room = await finalized();
  const { gets } = bucketFaults(room.sessionId);
  const before = gets.length;
  await (await audio(room)).arrayBuffer();
  await (await audio(room, "?from_ms=1500&to_ms=3500")).arrayBuffer();
  expect(gets.slice(before)).toEqual([wavKey(room), wavKey(room)]);
});

test("[A4] a chunk with another byte is given out by no route, while the meeting goes on or after it", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId, { encoding: "msgpack", track: "mic" });
  await client.keepAll(range(1, 3));
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  await flip(room.key(2, "mic"), 31_999);
  expect((await audio(room, "?from_ms=1000&to_ms=2000")).status).toBe(503);
  await expect(audio(room).then((whole) => whole.arrayBuffer())).rejects.toThrow("R2 holds other bytes");
  expect(new Uint8Array(await (await audio(room, "?from_ms=2000")).arrayBuffer()).slice(wavHeadBytes)).toEqual(
    pcmOf(3),
  );
  // A waveform is made when a chunk is stored, and lies with it: bytes that somebody else put have none.
  const peaks = await (await get(room.sessionId, "peaks?points=3")).json<{ peaks: unknown[] }>();
  expect(peaks.peaks[1]).toBeNull();
});

test("[F6] every version of a result is checked before it is given out, the newest or not", async () => {
  const room = await finalized();
  const id = room.sessionId;
  await post(id, "utterances", { utterances: [{ utterance_id: "u1", start_ms: 0, end_ms: 9, text: "Later." }] });
  await room.wakeUntil("revised", async () => (await get(id, "result?version=2")).status === 200);
  const texts = await Promise.all([1, 2].map(async (n) => (await get(id, `result?version=${n}`)).text()));
  for (const key of [`sessions/${id}/results/1.json`, `sessions/${id}/results/2.json`, `sessions/${id}/result.json`]) {
    await flip(key, 200);
  }
  const again = await Promise.all([1, 2].map(async (n) => (await get(id, `result?version=${n}`)).text()));
  expect(again).toEqual(texts);
  expect(await (await get(id, "result")).text()).toBe(texts[1]);
  expect(sessionResultSchema.parse(JSON.parse(texts[1] ?? "")).transcript).toHaveLength(1);
});
