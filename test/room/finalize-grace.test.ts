import { describe, expect, test } from "vitest";
import type { FinalizePending } from "../../schemas/http/finalize.ts";
import type { SessionResult } from "../../schemas/http/result.ts";
import { limits } from "../../schemas/limits.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, get, post } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const isThere = (id: string) => async (): Promise<boolean> => (await get(id, "result")).status === 200;
const resultOf = async (id: string): Promise<SessionResult> => (await get(id, "result")).json();
const grace = { grace_ms: 30_000 };
const more = (name: string, chars: number): object => ({ ...grace, metadata: { [name]: "x".repeat(chars) } });

describe("[F4] grace", () => {
  const expecting = { expect: { mixed: 6, mic: 2 }, grace_ms: 30_000 };

  test("what is missing is named and may still be sent; the last of it finalizes the session", async () => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId);
    await client.keepAll([1, 2, 4]);
    const waiting = await post(room.sessionId, "finalize", expecting);
    expect(waiting.status).toBe(202);
    const missing = {
      mic: [[1, 2]],
      mixed: [
        [3, 3],
        [5, 6],
      ],
    };
    expect(await waiting.json()).toMatchObject({ status: "open", missing });
    await room.evict();
    await client.keepAll([3, 5, 6]);
    const mic = await Client.connect(room.sessionId, { track: "mic" });
    await mic.keepAll([1, 2]);
    await eventually("it is finalized", async () => (await get(room.sessionId, "result")).status === 200);
    expect(await (await post(room.sessionId, "finalize")).json()).toMatchObject({ coverage: 1, missing: {} });
  });

  test("when it is over, the session is finalized as it is", async () => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId);
    await client.keepAll([1, 2]);
    expect((await post(room.sessionId, "finalize", { ...expecting, metadata: { a: 1 } })).status).toBe(202);
    clock.advance(29_000);
    await client.keep(3);
    clock.advance(1_001);
    await room.wakeUntil("it is finalized", async () => (await get(room.sessionId, "result")).status === 200);
    const result = await (await get(room.sessionId, "result")).json();
    expect(result).toMatchObject({ coverage: 3 / 8, metadata: { a: 1 } });
  });

  test("asking again with the same grace, as a poll does, does not put the end off", async () => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId);
    await client.keepAll([1, 2]);
    expect((await post(room.sessionId, "finalize", expecting)).status).toBe(202);
    clock.advance(20_000);
    await room.evict();
    expect((await post(room.sessionId, "finalize", expecting)).status).toBe(202);
    clock.advance(10_001);
    expect((await post(room.sessionId, "finalize", expecting)).status).toBe(200);
  });

  test("a request without grace ends the wait; with nothing missing there is none", async () => {
    const session = newSession();
    const client = await Client.connect(session);
    await client.keepAll([1, 2]);
    expect((await post(session, "finalize", expecting)).status).toBe(202);
    const answer = await post(session, "finalize");
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ coverage: 2 / 8, missing: { mixed: [[3, 6]] } });
    const complete = newSession();
    await (await Client.connect(complete)).keepAll([1, 2]);
    expect((await post(complete, "finalize", { expect: { mixed: 2 }, grace_ms: 60_000 })).status).toBe(200);
  });

  test("a track whose end nobody announced is waited for, though nothing of it is missing; its `end` freezes the session", async () => {
    const room = new RoomUnderTest(newSession());
    const id = room.sessionId;
    const client = await Client.connect(id);
    await client.keepAll([1, 2]);
    const waiting = await post(id, "finalize", grace);
    expect([waiting.status, await waiting.json<FinalizePending>()]).toMatchObject([
      202,
      { status: "open", missing: {}, not_ended: ["mixed"] },
    ]);
    await room.evict();
    await client.keep(3);
    expect(await room.status()).toBe("open");
    client.send({ type: "end", last_seq: 3 });
    expect(await client.nextOf("ended")).toMatchObject({ complete: true });
    await eventually("it is finalized", isThere(id));
    expect(await resultOf(id)).toMatchObject({ end_reason: "complete", audio: [{ chunks: 3, ended: true }] });
  });

  test("a track that was only opened is waited for, and a meeting that nobody has joined yet", async () => {
    for (const join of [true, false]) {
      const room = new RoomUnderTest(newSession());
      await createSession(room.sessionId, {});
      if (join)
        (await Client.connect(room.sessionId)).send({
          type: "hello",
          sample_rate: 16_000,
          channels: 1,
          format: "pcm_s16le",
        });
      expect((await post(room.sessionId, "finalize", grace)).status).toBe(202);
      const late = await Client.connect(room.sessionId, { track: "mixed" });
      await late.keepAll([1, 2]);
      late.send({ type: "end", last_seq: 2 });
      await eventually("it is finalized", isThere(room.sessionId));
      expect(await resultOf(room.sessionId)).toMatchObject({ coverage: 1, end_reason: "complete" });
    }
  });

  test("an end that a later chunk took back is none", async () => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId);
    await client.keep(1);
    client.send({ type: "end", last_seq: 1 });
    await client.nextOf("ended");
    await client.keep(2);
    expect((await post(room.sessionId, "finalize", grace)).status).toBe(202);
    clock.advance(30_001);
    await room.wakeUntil("it is finalized", isThere(room.sessionId));
    expect(await resultOf(room.sessionId)).toMatchObject({ end_reason: "grace_over", audio: [{ ended: false }] });
  });

  test("silence does not cut it short: that is what it waits through", async () => {
    const room = new RoomUnderTest(newSession());
    await createSession(room.sessionId, { auto_finalize_after_ms: 10_000 });
    const client = await Client.connect(room.sessionId);
    await client.keep(1);
    expect((await post(room.sessionId, "finalize", grace)).status).toBe(202);
    clock.advance(10_001);
    await room.wake();
    expect(await room.status()).toBe("open");
    await client.keep(2);
    clock.advance(30_000);
    await room.wakeUntil("it is finalized", isThere(room.sessionId));
    expect(await resultOf(room.sessionId)).toMatchObject({ audio: [{ chunks: 2 }] });
  });

  test("without a wait, what nobody ended is told from what somebody did", async () => {
    const id = newSession();
    const mic = await Client.connect(id, { track: "mic" });
    await mic.keep(1);
    const other = await Client.connect(id, { track: "other" });
    await other.keep(1);
    other.send({ type: "end", last_seq: 1 });
    await other.nextOf("ended");
    expect(await (await post(id, "finalize", { expect: { third: 0 } })).json()).toMatchObject({ not_ended: ["mic"] });
    const { audio, end_reason } = await resultOf(id);
    expect([end_reason, audio.map(({ track, ended }) => [track, ended])]).toEqual([
      "asked",
      [
        ["mic", false],
        ["other", true],
        ["third", true],
      ],
    ]);
  });

  test("[F4] what several finalizes say together has a bound, and one beyond it changes nothing [limit:maxFinalizeMetadataChars]", async () => {
    const room = new RoomUnderTest(newSession());
    await (await Client.connect(room.sessionId)).keep(1);
    // {"a":"…","b":"…","c":"…"}
    const frames = 22;
    const edge = limits.maxFinalizeMetadataChars - frames;
    expect((await post(room.sessionId, "finalize", more("a", 50_000))).status).toBe(202);
    expect((await post(room.sessionId, "finalize", more("b", 50_000))).status).toBe(202);
    const before = await room.dump();
    const refused = await post(room.sessionId, "finalize", more("c", edge - 100_000 + 1));
    expect([refused.status, await refused.json()]).toMatchObject([413, { code: "body_too_large" }]);
    expect(await room.dump()).toEqual(before);
    expect((await post(room.sessionId, "finalize", more("c", edge - 100_000))).status).toBe(202);
    expect((await post(room.sessionId, "finalize")).status).toBe(200);
    expect(Object.keys((await resultOf(room.sessionId)).metadata)).toEqual(["a", "b", "c"]);
  });
});
