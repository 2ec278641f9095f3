/** Frames that must be refused: with the documented code, without any other trace, and without an end to the connection. */
import { encode } from "@msgpack/msgpack";
import { describe, expect, test } from "vitest";
import type { SessionState } from "../../schemas/http/sessions.ts";
import { limits } from "../../schemas/limits.ts";
import { decodeFrame } from "../../schemas/wire/codec.ts";
import { type BadFrame, badFrames, chunkToTruncate } from "../support/bad-frames.ts";
import { chunkFrame, helloFields } from "../../client/testkit/frames.ts";
import { internalsIn, newSession, sessionState } from "../support/gateway-http.ts";
import { complaintsIn } from "../../scripts/local/gateway-process.ts";
import { useGateway } from "../support/use-gateway.ts";
import { receivedTexts, TestClient } from "../support/ws-client.ts";

const gateway = useGateway();

/**
 * Over real sockets, one frame for each code and encoding, and all that only a room can refuse. That the codec refuses the
 * others, each with its code, `test/unit/bad-frames.test.ts` holds.
 */
const sentFrames = badFrames.filter(({ code, frame }, index) => {
  const bytes = frame("t-any");
  if (decodeFrame(bytes).ok) return true;
  const isSame = (other: BadFrame): boolean => other.code === code && typeof other.frame("t-any") === typeof bytes;
  return badFrames.findIndex(isSame) === index;
});

/** A new session takes longer than a new track: a track each, and a session for so many. */
const framesPerSession = 12;
const sessions = sentFrames.filter((_, index) => index % framesPerSession === 0).map(() => newSession());
const placedFrames = sentFrames.map((entry, index) => ({
  ...entry,
  session: sessions[Math.floor(index / framesPerSession)] ?? "",
  track: `t${index % framesPerSession}`,
}));

describe("[K5] a bad frame changes nothing but rejected_chunks", () => {
  test.each(placedFrames)("$title: $code", async ({ code, frame, session, track }) => {
    const bytes = frame(session);
    const client = await TestClient.connect(gateway, {
      session,
      track,
      encoding: typeof bytes === "string" ? "json" : "msgpack",
    });
    for (const seq of [1, 2]) await client.keep(seq);
    const before = settled(await sessionState(gateway, session));
    client.sendRaw(bytes);
    const error = await client.next("error");
    expect(error).toMatchObject({ code, retryable: false });
    expect(error.detail).toMatch(/\.$/);
    const after = settled(await sessionState(gateway, session));
    const own = { ...before.tracks[track], rejected_chunks: 1 };
    expect(after).toEqual({ ...before, tracks: { ...before.tracks, [track]: own } });
    expect(await client.keep(3)).toMatchObject({ status: "stored", contiguous_seq: 3, missing_count: 0 });
    await client.leave();
  });

  test("a MessagePack chunk cut at every byte of its header and at many of its audio", async () => {
    const session = newSession();
    const client = await TestClient.connect(gateway, { session, encoding: "msgpack" });
    await client.keep(1);
    const { frame, headerBytes } = chunkToTruncate(session, 2);
    let sent = 0;
    for (let end = 0; end < frame.byteLength; end += end < headerBytes ? 1 : 97) {
      client.sendRaw(frame.subarray(0, end));
      // A good frame each time, or 32 in a row would end the connection.
      client.send({ type: "status" });
      sent += 1;
      expect((await client.next("error")).code, `cut at ${end}`).toBe("bad_msgpack");
      expect(await client.next("status"), `cut at ${end}`).toMatchObject({ received_chunks: 1, rejected_chunks: sent });
    }
    expect(sent).toBeGreaterThan(400);
    client.sendRaw(frame);
    expect(await client.next("ack")).toMatchObject({ seq: 2, status: "stored" });
    await client.leave();
  });

  test("bad frames before the track is settled count on it as soon as it is", async () => {
    const session = newSession();
    const client = await TestClient.connect(gateway, { session });
    for (const frame of ["?", "{}", "[]"]) client.sendRaw(frame);
    await client.take("error", 3);
    expect((await sessionState(gateway, session)).ingest_by_track).toEqual({});
    client.send({ ...helloFields, track: "mic" });
    expect((await client.next("ready")).ingest).toMatchObject({ track: "mic", rejected_chunks: 3, received_chunks: 0 });
    await client.leave();
  });
});

/** A session's tracks and the rest of its state, without what goes on in the background: that is no frame's doing. */
function settled({ ingest_by_track: byTrack, ...rest }: SessionState): {
  readonly rest: object;
  readonly tracks: Readonly<Record<string, object>>;
} {
  const tracks = Object.entries(byTrack).map(([track, status]) => [track, { ...status, archived_seq: 0 }]);
  return { rest: { ...rest, ingest: {} }, tracks: Object.fromEntries(tracks) as Record<string, object> };
}

describe("what is at the edge and good", () => {
  test("a chunk 86,400 beyond the last is kept", async () => {
    const client = await TestClient.connect(gateway, { session: newSession() });
    await client.keep(1);
    expect(await client.keep(1 + limits.maxSeqAhead)).toMatchObject({ status: "stored", missing_count: 86_399 });
    await client.leave();
  });

  test("unknown fields, a fractional timestamp and a close reason of 256 characters are taken", async () => {
    const client = await TestClient.connect(gateway, { session: newSession(), encoding: "msgpack" });
    const extra = { later: { a: { b: { c: { d: { e: [1] } } } } }, timestamp_ms: 1_760_000_000_000.5 };
    expect(await client.keep(1, { fields: extra })).toMatchObject({ status: "stored" });
    client.send({ type: "close", reason: "r".repeat(256) });
    expect((await client.next("closing")).reason).toHaveLength(256);
    expect((await client.closed()).code).toBe(1000);
  });

  test("a frame of exactly 65,536 is read; one more is too large", async () => {
    const session = newSession();
    const client = await TestClient.connect(gateway, { session });
    client.sendRaw('{"type":"status"}'.padEnd(limits.maxMessageBytes));
    expect(await client.next("status")).toMatchObject({ rejected_chunks: 0 });
    client.sendRaw('{"type":"status"}'.padEnd(limits.maxMessageBytes + 1));
    expect((await client.next("error")).code).toBe("message_too_large");
    expect((await client.closed()).code).toBe(4413);
  });

  test.each(["é", "語", "🎙"])(
    "a text that is one unit too long is too large, whatever its bytes: of %s",
    async (character) => {
      const client = await TestClient.connect(gateway, { session: newSession() });
      client.sendRaw(`"${character.repeat(limits.maxMessageBytes / character.length - 2)}"`);
      expect((await client.next("error")).code).toBe("bad_frame");
      client.sendRaw(`"${character.repeat(limits.maxMessageBytes / character.length)}"`);
      expect((await client.next("error")).code).toBe("message_too_large");
      expect((await client.closed()).code).toBe(4413);
    },
  );
});

describe("[W7] what ends the connection says so with its code and close code", () => {
  const bytes = 8 * 1_024 * 1_024;
  test.each([
    { title: "8 MB of text", frame: "x".repeat(bytes) },
    { title: "8 MB of JSON", frame: JSON.stringify({ type: "chunk", content_b64: "A".repeat(bytes) }) },
    { title: "8 MB of zeros", frame: new Uint8Array(bytes) },
    { title: "8 MB of MessagePack", frame: encode({ type: "chunk", content: new Uint8Array(bytes) }) },
  ])("$title: message_too_large, 4413; the next connection works", async ({ frame }) => {
    const session = newSession();
    const client = await TestClient.connect(gateway, { session });
    await client.keep(1);
    client.sendRaw(frame);
    expect(await client.next("error")).toMatchObject({ code: "message_too_large", retryable: false });
    expect((await client.closed()).code).toBe(4413);
    expect((await sessionState(gateway, session)).ingest).toMatchObject({ received_chunks: 1, rejected_chunks: 1 });
    const again = await TestClient.connect(gateway, { session });
    expect(await again.keep(2)).toMatchObject({ status: "stored", missing_count: 0 });
    await again.leave();
  });

  test.each(["json", "msgpack"] as const)(
    "[W9] 32 bad frames in a row (%s); a good one between resets",
    async (encoding) => {
      const session = newSession();
      const client = await TestClient.connect(gateway, { session, encoding });
      const bad = chunkFrame(encoding, session, 1, { fields: { sample_rate: 8_000 } });
      for (const seq of [1, 2]) {
        for (let i = 0; i < 31; i += 1) client.sendRaw(bad);
        await client.take("error", 31);
        await client.keep(seq);
      }
      for (let i = 0; i < 40; i += 1) client.sendRaw(bad);
      const errors = await client.take("error", 33);
      expect(errors.slice(0, 32).every(({ code }) => code === "bad_audio_format")).toBe(true);
      expect(errors.at(-1)).toMatchObject({ code: "too_many_errors", retryable: false });
      expect((await client.closed()).code).toBe(4400);
      expect((await sessionState(gateway, session)).ingest).toMatchObject({
        received_chunks: 2,
        rejected_chunks: 31 + 31 + 32,
      });
      const again = await TestClient.connect(gateway, { session, encoding });
      expect(await again.keep(3)).toMatchObject({ status: "stored" });
      await again.leave();
    },
  );

  test("[W9] duplicates are no bad frames; conflicts are", async () => {
    const session = newSession();
    const client = await TestClient.connect(gateway, { session });
    for (let i = 0; i < 40; i += 1) client.sendChunk(1);
    expect((await client.take("ack", 40)).at(-1)).toMatchObject({ status: "duplicate", duplicate_count: 39 });
    for (let i = 0; i < 32; i += 1) client.sendChunk(1, { seed: 2 });
    expect((await client.take("error", 33)).map(({ code }) => code)).toEqual([
      ...Array.from({ length: 32 }, () => "seq_conflict"),
      "too_many_errors",
    ]);
    expect((await client.closed()).code).toBe(4400);
  });
});

test("after all of this: no exception in the gateway's output, nothing internal in what clients got", async () => {
  expect(receivedTexts.length).toBeGreaterThan(500);
  expect(internalsIn(receivedTexts)).toEqual([]);
  expect(complaintsIn(gateway.output)).toEqual([]);
});
