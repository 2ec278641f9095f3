/** Live audio: passed on to those who listen, kept nowhere, and of no weight for what is kept. */
import { describe, expect, test } from "vitest";
import { encodeBase64 } from "../../schemas/wire/base64.ts";
import { limits } from "../../schemas/limits.ts";
import type { RoomMessage } from "../../schemas/wire/messages.ts";
import { range } from "./support/audio.ts";
import { gateway } from "./support/bindings.ts";
import { Client, type ClientOptions } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { guarded, tokenWith } from "./support/doors.ts";
import { createSession, post } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

const tenth = Uint8Array.from({ length: 3_200 }, (_, i) => i);
const audio = { type: "live", sample_rate: 16_000, content: tenth };
const spelled = { type: "live", sample_rate: 16_000, content_b64: encodeBase64(tenth) };

async function opened(): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  await createSession(room.sessionId, {});
  return room;
}

async function listen(
  { sessionId }: RoomUnderTest,
  options: { encoding?: "json" | "msgpack"; topics?: string; tellsNothing?: boolean } = {},
): Promise<Client> {
  const { encoding = "json", topics = "live", tellsNothing = false } = options;
  const headers = { upgrade: "websocket", "sec-websocket-protocol": `roomtone.v1.${encoding}` };
  const answer = await gateway(`/v1/sessions/${sessionId}/live?topics=${topics}`, { headers });
  return Client.over(answer, sessionId, encoding, tellsNothing);
}

const stream = async ({ sessionId }: RoomUnderTest, options: ClientOptions = {}): Promise<Client> =>
  Client.connect(sessionId, { track: "mic", ...options });

/** Everything that came, up to the answer to a ping sent now. */
async function heard(client: Client): Promise<RoomMessage[]> {
  client.send({ type: "ping", n: 1 });
  const all: RoomMessage[] = [];
  for (;;) {
    const message = await client.next();
    if (message.type === "pong") return all;
    all.push(message);
  }
}

describe("who hears it", () => {
  test("[W15] [W16] watchers of the topic and other tracks' connections, in their encodings; nobody else, and no table changes", async () => {
    const room = await opened();
    const [text, binary, deaf] = [
      await listen(room),
      await listen(room, { encoding: "msgpack" }),
      await listen(room, { topics: "speakers" }),
    ];
    const other = await stream(room, { track: "desk", encoding: "msgpack" });
    await other.hello({ subscribe: ["live"] });
    const speaker = await stream(room);
    expect(await speaker.hello({ subscribe: ["live"] })).toMatchObject({ live: true });
    const before = await room.dump(["jobs"]);
    speaker.send({ ...spelled, at_ms: 100, flush: true, track: "mic" });
    const { type, sample_rate } = audio;
    const relayed = { type, sample_rate, track: "mic", at_ms: 100, flush: true };
    expect(await text.nextOf("live")).toEqual({ ...relayed, content_b64: spelled.content_b64 });
    expect(await binary.nextOf("live")).toEqual({ ...relayed, content: tenth });
    expect(await other.nextOf("live")).toEqual({ ...relayed, content: tenth });
    expect(await heard(deaf)).toEqual([]);
    expect(await heard(speaker)).toEqual([]);
    expect(await room.dump(["jobs"])).toEqual(before);
  });

  test("[W16] those who stream are told when the first listener comes and the last one leaves, through eviction", async () => {
    const room = await opened();
    const speaker = await stream(room);
    const silent = await stream(room, { track: "bare" });
    await silent.keep(1);
    expect(await speaker.hello()).toMatchObject({ live: false });
    const listener = await listen(room, { topics: "utterances,live" });
    expect(await speaker.nextOf("listeners")).toEqual({ type: "listeners", live: true });
    const second = await listen(room);
    await room.evict();
    second.close();
    expect(await heard(speaker)).toEqual([]);
    await room.evict();
    listener.close();
    expect(await speaker.nextOf("listeners")).toEqual({ type: "listeners", live: false });
    // It never said hello, and hears nothing of it.
    expect(await heard(silent)).toEqual([]);
  });

  test("[L18] a listener that comes and goes without end is not told to everybody each time, and the last word is right", async () => {
    const room = await opened();
    const speaker = await stream(room);
    await speaker.hello();
    const other = await stream(room, { track: "desk" });
    await other.hello();
    const hello = { type: "hello", sample_rate: 16_000, channels: 1, format: "pcm_s16le" };
    for (const n of range(1, 101)) other.send({ ...hello, subscribe: n % 2 === 1 ? ["live"] : [] });
    for (const _ of range(1, 101)) await other.nextOf("ready");
    const told: RoomMessage[] = [await speaker.nextOf("listeners")];
    while (told.length % 2 === 0) told.push(await speaker.nextOf("listeners"));
    expect(told.length).toBeLessThan(50);
    expect(told.at(-1)).toEqual({ type: "listeners", live: true });
  });

  test("[W16] a room that starts again tells anew who listens", async () => {
    const room = await opened();
    await listen(room);
    expect(await (await stream(room)).hello()).toMatchObject({ live: true });
    await room.kill();
    const again = await stream(room);
    expect(await again.hello()).toMatchObject({ live: false });
    await listen(room);
    expect(await again.nextOf("listeners")).toMatchObject({ live: true });
  });

  test("[W16] a token of role capture streams and hears nobody; one that observes hears", async () => {
    const sessionId = newSession();
    const claims = { session_id: sessionId, sub: "guest" };
    const guest = await Client.connect(sessionId, {
      track: "mic",
      via: guarded,
      credential: await tokenWith({ ...claims, role: "capture" }),
    });
    await guest.hello();
    const open = async (role: string): Promise<Client> => {
      const offer = `bearer.${await tokenWith({ ...claims, role })}`;
      const headers = { upgrade: "websocket", "sec-websocket-protocol": offer };
      return Client.over(await guarded(`/v1/sessions/${sessionId}/live?topics=live`, { headers }), sessionId);
    };
    const refused = await open("capture");
    expect(await refused.nextOf("error")).toMatchObject({ code: "forbidden" });
    await refused.expectClose(4403);
    const observer = await open("observe");
    expect(await guest.nextOf("listeners")).toMatchObject({ live: true });
    guest.send(spelled);
    expect(await observer.nextOf("live")).toMatchObject({ track: "mic" });
    await guest.refused(
      { type: "hello", sample_rate: 16_000, channels: 1, format: "pcm_s16le", subscribe: ["live"] },
      "forbidden",
    );
  });

  test("[W16] topics of a watcher are known ones", async () => {
    const { sessionId } = await opened();
    const upgrade = { headers: { upgrade: "websocket" } };
    expect((await gateway(`/v1/sessions/${sessionId}/live?topics=audio`, upgrade)).status).toBe(400);
  });
});

describe("what it can't do", () => {
  test.each([
    ["before the track is taken", {}, "bad_frame", true],
    ["of another track", { track: "desk" }, "bad_frame", false],
    ["at another rate", { sample_rate: 48_000 }, "bad_audio_format", false],
    ["too short", { content_b64: encodeBase64(tenth.subarray(0, 638)) }, "bad_frame", false],
    ["too long", { content_b64: encodeBase64(new Uint8Array(8_002)) }, "bad_frame", false],
    ["half a sample", { content_b64: encodeBase64(tenth.subarray(0, 3_199)) }, "bad_frame", false],
    ["no base64", { content_b64: "-_-_" }, "bad_base64", false],
    ["placed before the track", { at_ms: -1 }, "bad_frame", false],
  ])("[W15] malformed: %s", async (_, fields, code, isFirst) => {
    const room = await opened();
    const listener = await listen(room);
    const speaker = await stream(room);
    if (!isFirst) await speaker.hello();
    await speaker.refused({ ...spelled, ...fields }, code);
    expect(await heard(listener)).toEqual([]);
  });

  test("[W17] [K1] [K2] [limit:maxLiveMessagesPerSecond] a flood of it is cut down, and the seconds between are kept, acked and counted as ever", async () => {
    const room = await opened();
    const listener = await listen(room);
    const speaker = await stream(room, { encoding: "msgpack" });
    await speaker.hello();
    const short = { ...audio, content: tenth.subarray(0, 640) };
    for (const seq of range(1, 5)) {
      for (const _ of range(1, 100)) speaker.send(short);
      expect(await speaker.keep(seq)).toMatchObject({ status: "stored", last_seq: seq });
      expect(await speaker.keep(seq)).toMatchObject({ status: "duplicate" });
    }
    expect(await heard(listener)).toHaveLength(limits.maxLiveMessagesPerSecond);
    expect(await room.count("chunks")).toBe(5);
    clock.advance(1_000);
    for (const _ of range(1, 100)) speaker.send(short);
    await speaker.keep(6);
    expect(await heard(listener)).toHaveLength(limits.maxLiveMessagesPerSecond);
  });

  test("[W17] [limit:maxLiveRealtimeFactor] no more than twice real time is passed on", async () => {
    const room = await opened();
    const listener = await listen(room);
    const speaker = await stream(room);
    await speaker.hello();
    for (const _ of range(1, 40)) speaker.send(spelled);
    await speaker.keep(1);
    expect(await heard(listener)).toHaveLength(20);
  });

  test("[W17] without end it ends the connection, as any flood, and what was acked is kept", async () => {
    const room = await opened();
    const speaker = await stream(room);
    await speaker.keep(1);
    for (const _ of range(1, 1_200)) speaker.send(spelled);
    await speaker.expectClose(4400);
    expect(await room.count("chunks")).toBe(1);
  });

  test("[W17] [W14] [limit:maxUnseenLiveBytes] who is behind loses live audio and no event; once it tells, it hears again", async () => {
    const room = await opened();
    const slow = await listen(room, { topics: "live,utterances", tellsNothing: true });
    const prompt = await listen(room);
    const speaker = await stream(room);
    await speaker.hello();
    const seconds = 10;
    const perSecond = 10;
    for (const _ of range(1, seconds)) {
      range(1, perSecond).forEach(() => speaker.send(spelled));
      await heard(speaker);
      expect(await heard(prompt)).toHaveLength(perSecond);
      clock.advance(1_000);
    }
    await post(room.sessionId, "utterances", { utterances: [{ text: "still here", start_ms: 0, end_ms: 1 }] });
    const came: RoomMessage[] = [];
    while (came.at(-1)?.type !== "event") came.push(await slow.next());
    const lived = came.filter(({ type }) => type === "live");
    const bytes = lived.reduce((sum, message) => sum + JSON.stringify(message).length, 0);
    expect(bytes).toBeLessThan(limits.maxUnseenLiveBytes + 5_000);
    expect(lived.length).toBeLessThan(seconds * perSecond);
    const marks = came.flatMap((message) => ("mark" in message && message.mark !== undefined ? [message.mark] : []));
    slow.send({ type: "seen", mark: marks.at(-1) });
    await heard(slow);
    speaker.send(spelled);
    expect(await slow.nextOf("live")).toMatchObject({ track: "mic" });
  });
});
