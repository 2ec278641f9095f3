import { describe, expect, test } from "vitest";
import { chunkBytes } from "../../schemas/wire/audio.ts";
import {
  archived,
  expectAssembled,
  expectNothingLeft,
  expectSame,
  finalized,
  headerBytes,
  longSeconds,
  longSeqs,
  pcmWith,
  resultOf,
  storedWav,
} from "./support/assembled.ts";
import { range, pcmOf } from "./support/audio.ts";
import { bindings, gateway } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { post } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

function audio(session: string, query = "", headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
  return gateway(`/v1/sessions/${session}/audio.wav${query}`, { method, headers });
}

async function bytesOf(answer: Response): Promise<Uint8Array> {
  return new Uint8Array(await answer.arrayBuffer());
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
