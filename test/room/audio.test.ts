import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { type SessionResult, sessionResultSchema } from "../../schemas/http/result.ts";
import { range, pcmOf } from "./support/audio.ts";
import { bindings, gateway } from "./support/bindings.ts";
import { bucketFaults, type UploadStep } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { post } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually, within } from "./support/waiting.ts";

const headerBytes = 44;
/** So long that R2 gets it in three parts of 200 s. */
const longSeconds = 450;
const longSeqs = [1, 2, 3, 200, 201, 401, longSeconds];

function audio(session: string, query = "", headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
  return gateway(`/v1/sessions/${session}/audio.wav${query}`, { method, headers });
}

async function bytesOf(answer: Response): Promise<Uint8Array> {
  return new Uint8Array(await answer.arrayBuffer());
}

/** The audio of a track of which these seconds are kept. */
function pcmWith(seqs: readonly number[], seconds: number, samples = seconds * 16_000): Uint8Array {
  const pcm = new Uint8Array(seconds * chunkBytes);
  for (const seq of seqs) pcm.set(pcmOf(seq), (seq - 1) * chunkBytes);
  return pcm.subarray(0, samples * 2);
}

/** Equality of megabytes, without a report of every one. */
function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.byteLength).toBe(expected.byteLength);
  if (hex(actual) === hex(expected)) return;
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  expect(at, "the first byte that differs").toBe(-1);
}

function hex(bytes: Uint8Array): string {
  return [...createHash("sha256").update(bytes).digest()].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A room of which these seconds are kept and in R2. */
async function archived(seqs: readonly number[], track?: string): Promise<{ room: RoomUnderTest; client: Client }> {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId, { encoding: "msgpack", ...(track ? { track } : {}) });
  await client.keepAll(seqs);
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  return { room, client };
}

const finalized = (room: RoomUnderTest) => async (): Promise<boolean> => (await room.status()) === "finalized";

async function resultOf(room: RoomUnderTest): Promise<SessionResult> {
  const object = await bindings.RESULT_BUCKET.get(`sessions/${room.sessionId}/result.json`);
  return sessionResultSchema.parse(await object?.json());
}

async function storedWav(room: RoomUnderTest, track = "mixed"): Promise<Uint8Array | undefined> {
  const object = await bindings.RESULT_BUCKET.get(`sessions/${room.sessionId}/audio/${track}.wav`);
  return object ? new Uint8Array(await object.arrayBuffer()) : undefined;
}

/** The one WAV of a finalized room, which is what the result says it is. */
async function expectAssembled(room: RoomUnderTest, pcm: Uint8Array): Promise<void> {
  const stored = await storedWav(room);
  if (!stored) throw new Error("there is no WAV in R2");
  expectSame(stored.subarray(headerBytes), pcm);
  const [entry] = (await resultOf(room)).audio;
  const key = `sessions/${room.sessionId}/audio/mixed.wav`;
  expect(entry?.wav).toEqual({ key, bytes: stored.byteLength, sha256: hex(stored) });
  expect((await room.storedKeys()).filter((name) => name.includes("/audio/"))).toEqual([key]);
}

async function expectNothingLeft(room: RoomUnderTest, uploads = 0): Promise<void> {
  expect(bucketFaults(room.sessionId).openUploads.size, "uploads left open in R2").toBe(uploads);
  expect(await room.count("wav_parts")).toBe(0);
}

describe("[A2] finalize puts each track together", () => {
  test("in parts, gaps as silence, with the facts of the track beside it", async () => {
    const { room, client } = await archived(longSeqs);
    client.send({ type: "end", last_seq: longSeconds, padding_samples: 4_000 });
    await client.nextOf("ended");
    expect((await post(room.sessionId, "finalize")).status).toBe(200);
    await expectAssembled(room, pcmWith(longSeqs, longSeconds, longSeconds * 16_000 - 4_000));
    const faults = bucketFaults(room.sessionId);
    expect(faults.uploadSteps).toEqual(["create", "part 1", "part 2", "part 3", "complete"]);
    expect(faults.mostGetsAtOnce).toBeLessThanOrEqual(4);
    // Second 200 lies in two parts, by 44 bytes; everything else is read once.
    expect(faults.gets.length).toBe(longSeqs.length + 1);
    const object = await bindings.RESULT_BUCKET.head(`sessions/${room.sessionId}/audio/mixed.wav`);
    const [entry] = (await resultOf(room)).audio;
    expect(object?.httpMetadata?.contentType).toBe("audio/wav");
    expect(object?.customMetadata).toEqual({
      session_id: room.sessionId,
      track: "mixed",
      duration_ms: String(longSeconds * 1_000 - 250),
      chain_head: entry?.chain_head,
    });
    await expectNothingLeft(room);
  });

  test("not one that has nothing, and not one that would be little but silence", async () => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId, { track: "mic" });
    await client.keep(1);
    expect((await post(room.sessionId, "finalize", { expect: { mic: 603, other: 3 } })).status).toBe(200);
    expect((await resultOf(room)).audio.map(({ wav }) => wav)).toEqual([null, null]);
    expect(bucketFaults(room.sessionId).uploadSteps).toEqual([]);
    // It can be heard all the same.
    const silent = await audio(room.sessionId, "?track=mic&to_ms=2000");
    expectSame((await bytesOf(silent)).subarray(headerBytes), pcmWith([1], 2));
  });

  test("each with its own bytes, where there are two", async () => {
    const { room } = await archived([1, 2], "mic");
    const other = await Client.connect(room.sessionId, { track: "teacher" });
    await other.keepAll([1, 2, 3], (seq) => pcmOf(seq, 7));
    expect((await post(room.sessionId, "finalize")).status).toBe(200);
    const [mic, teacher] = [await storedWav(room, "mic"), await storedWav(room, "teacher")];
    expect([mic?.byteLength, teacher?.byteLength]).toEqual([44 + 2 * chunkBytes, 44 + 3 * chunkBytes]);
    expectSame(teacher?.subarray(44, 44 + chunkBytes) ?? new Uint8Array(), pcmOf(1, 7));
  });
});

const steps: readonly UploadStep[] = ["create", "part 1", "part 2", "part 3", "complete"];
const moments = steps.flatMap((step) => (["before", "after"] as const).map((when) => ({ step, when })));

describe("[A3] assembly goes on where it was", () => {
  test.each(moments)("killed right $when R2 does `$step`: one WAV, nothing left", async ({ step, when }) => {
    const { room } = await archived(longSeqs);
    const faults = bucketFaults(room.sessionId);
    const release = faults.holdUpload(step, when);
    const cut = post(room.sessionId, "finalize").catch(() => undefined);
    const reached = when === "before" ? faults.uploadSteps : faults.uploadStepsDone;
    await eventually(`${step} is under way`, () => reached.includes(step));
    await room.kill();
    faults.heal();
    release();
    await within(cut, "the request that was cut off");
    await room.wakeUntil("finalized", finalized(room));
    await expectAssembled(room, pcmWith(longSeqs, longSeconds));
    // An upload whose id nobody lived to note can't be named any more; R2 drops it after a week.
    await expectNothingLeft(room, step === "create" ? faults.openUploads.size : 0);
    expect(faults.openUploads.size).toBeLessThanOrEqual(1);
    // What R2 had before the crash was not put again.
    const first = faults.uploadSteps.filter((done) => done === "part 1").length;
    expect(first).toBe(step === "part 1" ? 2 : 1);
  });

  test.each(steps)("R2 fails at `%s`: tried again until it works", async (step) => {
    const { room } = await archived(longSeqs);
    const faults = bucketFaults(room.sessionId);
    faults.failUpload(step);
    expect((await post(room.sessionId, "finalize")).status).toBe(202);
    await room.wake();
    expect(await room.status()).toBe("finalizing");
    faults.heal();
    await room.wakeUntil("finalized", finalized(room));
    await expectAssembled(room, pcmWith(longSeqs, longSeconds));
    await expectNothingLeft(room);
  });

  test.each(["part 2", "complete"] as const)("R2 does `%s` and its answer is lost", async (step) => {
    const { room } = await archived(longSeqs);
    const faults = bucketFaults(room.sessionId);
    faults.loseUploadAnswer(step);
    // Completing is told by the object itself.
    expect((await post(room.sessionId, "finalize")).status).toBe(step === "complete" ? 200 : 202);
    faults.heal();
    await room.wakeUntil("finalized", finalized(room));
    await expectAssembled(room, pcmWith(longSeqs, longSeconds));
    await expectNothingLeft(room);
  });

  test.each(["part 2", "complete"] as const)("R2 has forgotten the upload by `%s`: a new one", async (step) => {
    const { room } = await archived(longSeqs);
    const faults = bucketFaults(room.sessionId);
    faults.failUpload(step);
    expect((await post(room.sessionId, "finalize")).status).toBe(202);
    const [uploadId = ""] = faults.openUploads;
    const key = `sessions/${room.sessionId}/audio/mixed.wav`;
    await bindings.RESULT_BUCKET.resumeMultipartUpload(key, uploadId).abort();
    faults.heal();
    await room.wakeUntil("finalized", finalized(room));
    await expectAssembled(room, pcmWith(longSeqs, longSeconds));
    expect(faults.uploadSteps.filter((done) => done === "create")).toHaveLength(2);
    await expectNothingLeft(room);
  });

  test("R2 gives no audio for a while: waited for", async () => {
    const { room } = await archived([1, 2]);
    const faults = bucketFaults(room.sessionId);
    faults.failGets();
    expect((await post(room.sessionId, "finalize")).status).toBe(202);
    clock.advance(3_600_000);
    await room.wake();
    expect(await room.status()).toBe("finalizing");
    faults.heal();
    await room.wakeUntil("finalized", finalized(room));
    await expectAssembled(room, pcmWith([1, 2], 2));
  });
});

describe("[A4] a chunk that R2 lost", () => {
  test.each(["gone", "changed"] as const)(
    "%s: nothing wrong is written; after ten minutes there is no WAV",
    async (how) => {
      const { room } = await archived([1, 2, 3]);
      const { RESULT_BUCKET: bucket } = bindings;
      const key = `sessions/${room.sessionId}/chunks/00000002.pcm`;
      if (how === "gone") await bucket.delete(key);
      else await bucket.put(key, pcmOf(9));
      expect((await post(room.sessionId, "finalize")).status).toBe(202);
      clock.advance(300_000);
      await room.wake();
      expect(await room.status()).toBe("finalizing");
      clock.advance(300_000);
      await room.wakeUntil("finalized", finalized(room));
      expect((await resultOf(room)).audio[0]?.wav).toBeNull();
      expect(await storedWav(room)).toBeUndefined();
      await expectNothingLeft(room);
      // What is there can be heard; what is not is no silence.
      expectSame((await bytesOf(await audio(room.sessionId, "?to_ms=1000"))).subarray(44), pcmOf(1));
      expectSame((await bytesOf(await audio(room.sessionId, "?from_ms=2000"))).subarray(44), pcmOf(3));
      const lost = await audio(room.sessionId, "?from_ms=1500");
      expect(lost.status).toBe(503);
      expect(await lost.json()).toMatchObject({ code: "audio_unavailable" });
      await expect(audio(room.sessionId).then(bytesOf)).rejects.toThrow("R2");
    },
  );

  test("put back in time: the WAV is whole", async () => {
    const { room } = await archived([1, 2, 3]);
    const key = `sessions/${room.sessionId}/chunks/00000002.pcm`;
    await bindings.RESULT_BUCKET.delete(key);
    expect((await post(room.sessionId, "finalize")).status).toBe(202);
    clock.advance(500_000);
    await bindings.RESULT_BUCKET.put(key, pcmOf(2));
    await room.wakeUntil("finalized", finalized(room));
    await expectAssembled(room, pcmWith([1, 2, 3], 3));
  });
});

describe("[A1] the same bytes wherever they are", () => {
  const kept = [1, 2, 4, 5, 7];
  const pcm = pcmWith(kept, 7, 7 * 16_000 - 1_000);
  const windows = [
    "",
    "?from_ms=500&to_ms=3250",
    "?from_ms=999",
    "?to_ms=1",
    "?from_ms=6500&to_ms=99999",
    "?from_ms=8000",
  ];

  test("in the room, in R2 as chunks, finalizing, and as one file", async () => {
    const room = new RoomUnderTest(newSession());
    const faults = bucketFaults(room.sessionId);
    const client = await Client.connect(room.sessionId);
    faults.failPuts();
    await client.keepAll(kept);
    client.send({ type: "end", last_seq: 7, padding_samples: 1_000 });
    await client.nextOf("ended");
    const read = async (): Promise<{ etag: string | null; bytes: Uint8Array }[]> => {
      const answers: { etag: string | null; bytes: Uint8Array }[] = [];
      for (const query of windows) {
        const answer = await audio(room.sessionId, query);
        expect(answer.status).toBe(200);
        answers.push({ etag: answer.headers.get("etag"), bytes: await bytesOf(answer) });
      }
      return answers;
    };
    const inRoom = await read();
    expect(faults.gets).toEqual([]);
    expectSame((inRoom[0]?.bytes ?? new Uint8Array()).subarray(headerBytes), pcm);
    expectSame((inRoom[1]?.bytes ?? new Uint8Array()).subarray(headerBytes), pcm.subarray(16_000, 3_250 * 32));
    expect(inRoom[5]?.bytes.byteLength).toBe(headerBytes);
    faults.heal();
    await room.wakeUntil("archived", async () => (await room.pending()) === 0);
    const inChunks = await read();
    faults.failUpload("complete");
    expect((await post(room.sessionId, "finalize")).status).toBe(202);
    const finalizing = await read();
    faults.heal();
    await room.wakeUntil("finalized", finalized(room));
    const chunkGets = faults.gets.filter((key) => key.endsWith(".pcm")).length;
    const whole = await read();
    // But for the last second: what the file leaves of it shows nothing without the rest (A8).
    const read7 = faults.gets.filter((key) => key.endsWith(".pcm")).slice(chunkGets);
    expect(new Set(read7)).toEqual(new Set([room.key(7)]));
    for (const other of [inChunks, finalizing, whole]) {
      other.forEach(({ etag, bytes }, i) => {
        expect(etag).toBe(inRoom[i]?.etag);
        expectSame(bytes, inRoom[i]?.bytes ?? new Uint8Array());
      });
    }
  });

  test("should the one file be gone, the chunks still give them", async () => {
    const { room } = await archived([1, 2]);
    expect((await post(room.sessionId, "finalize")).status).toBe(200);
    await bindings.RESULT_BUCKET.delete(`sessions/${room.sessionId}/audio/mixed.wav`);
    expectSame((await bytesOf(await audio(room.sessionId))).subarray(headerBytes), pcmWith([1, 2], 2));
  });

  test("an answer once begun does not change, though a gap in it is filled", async () => {
    const { room, client } = await archived([1, ...range(3, 40)]);
    const answer = await audio(room.sessionId);
    const reader = answer.body?.getReader();
    if (!reader) throw new Error("no body");
    const parts: Uint8Array[] = [];
    const first = await reader.read();
    if (first.value) parts.push(first.value);
    await client.keep(2);
    await client.keep(41);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
    }
    const seqs = [1, ...range(3, 40)];
    expectSame(new Uint8Array(await new Blob(parts).arrayBuffer()).subarray(headerBytes), pcmWith(seqs, 40));
    const now = await audio(room.sessionId);
    expect(now.headers.get("etag")).not.toBe(answer.headers.get("etag"));
    expectSame((await bytesOf(now)).subarray(headerBytes), pcmWith(range(1, 41), 41));
  });
});

describe("[A5] what is asked for is read, and no more", () => {
  test("a range in the middle of an hour-long track: its seconds alone", async () => {
    const { room } = await archived([1, 2, 3, 100, 101, 3_600]);
    const faults = bucketFaults(room.sessionId);
    const from = headerBytes + 99 * chunkBytes + 7;
    const part = await audio(room.sessionId, "", { range: `bytes=${from}-${from + 9}` });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes ${from}-${from + 9}/${headerBytes + 3_600 * chunkBytes}`);
    expectSame(await bytesOf(part), pcmOf(100).subarray(7, 17));
    expect(faults.gets).toEqual([room.key(100)]);
    expect((await bytesOf(await audio(room.sessionId, "", { range: "bytes=0-43" }))).byteLength).toBe(headerBytes);
    expect((await audio(room.sessionId, "", {}, "HEAD")).headers.get("content-length")).toBe("115200044");
    expect(faults.gets).toHaveLength(1);
  });

  test("a reader that stops is read for no longer; one that waits is waited for", async () => {
    const { room } = await archived(range(1, 60));
    const faults = bucketFaults(room.sessionId);
    const answer = await audio(room.sessionId);
    const reader = answer.body?.getReader();
    await reader?.read();
    await scheduler.wait(100);
    expect(faults.gets.length).toBeLessThanOrEqual(10);
    await reader?.cancel();
    await scheduler.wait(100);
    expect(faults.gets.length).toBeLessThanOrEqual(10);
    expect(faults.mostGetsAtOnce).toBeLessThanOrEqual(4);
  });
});
