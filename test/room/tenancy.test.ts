import { expect, test } from "vitest";
import { socketUrl } from "../../server/gateway/room/socket-request.ts";
import { chunkFrame, pcmOf } from "./support/audio.ts";
import { bindings } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { get, post, resolve } from "./support/http.ts";
import { answerTo, inference } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

test("[T1] asking for a session never opened answers 404 and creates nothing", async () => {
  const room = new RoomUnderTest(newSession());
  const answers = [
    await get(room.sessionId, "state"),
    await get(room.sessionId, "result"),
    await post(room.sessionId, "finalize", { expect: { mixed: 3 } }),
  ];
  for (const answer of answers) {
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: "session_not_found" });
  }
  expect(await room.dump()).toEqual({});
  expect(await room.rows("SELECT name FROM sqlite_master WHERE name = 'meta'")).toEqual([]);
  expect(await room.alarmAt()).toBeNull();
});

test("[T1] sessions whose ids begin alike share no key and no state", async () => {
  const id = newSession();
  const ids = [id, `${id}.chunks`, `${id}-`, `${id}~tracks`, id.toUpperCase()];
  const rooms = ids.map((sessionId) => new RoomUnderTest(sessionId));
  for (const [i, room] of rooms.entries()) {
    const client = await Client.connect(room.sessionId);
    expect(await client.keep(1, pcmOf(1, i))).toMatchObject({ status: "stored", last_seq: 1, key: room.key(1) });
  }
  for (const [i, room] of rooms.entries()) {
    await room.wakeUntil("archived", async () => (await room.pending()) === 0);
    expect(await room.stored(1)).toEqual(pcmOf(1, i));
    expect(await room.storedKeys()).toHaveLength(1);
  }
});

test("[T1] a track named like another's folder shares no key with it", async () => {
  const room = new RoomUnderTest(newSession());
  const mixed = await Client.connect(room.sessionId, { track: "mixed" });
  const chunks = await Client.connect(room.sessionId, { track: "chunks" });
  const keys = [(await mixed.keep(1, pcmOf(1, 1))).key, (await chunks.keep(1, pcmOf(1, 2))).key];
  expect(new Set(keys).size).toBe(2);
});

test("[T1] one session's resolves, finalize and errors leave another as it was", async () => {
  const [a, b] = [new RoomUnderTest(newSession()), new RoomUnderTest(newSession())];
  inference(a.sessionId, (request) => Response.json(answerTo(request)));
  const client = await Client.connect(b.sessionId);
  await client.keep(1);
  await b.wakeUntil("archived", async () => (await b.pending()) === 0);
  const before = await b.dump();
  const other = await Client.connect(a.sessionId);
  await other.keep(1);
  await other.refused(
    chunkFrame({ sessionId: b.sessionId, seq: 2, pcm: pcmOf(2), encoding: "json" }),
    "meeting_mismatch",
  );
  await resolve(a.sessionId, { "x-idempotency-key": "k" });
  await post(a.sessionId, "finalize");
  expect(await b.dump()).toEqual(before);
  await client.keep(2);
});

test("[T1] the same session id of two tenants is two rooms with two keys", async () => {
  const sessionId = newSession();
  const mine = new RoomUnderTest(sessionId);
  const theirs = new RoomUnderTest(sessionId, "acme");
  await (await Client.connect(sessionId)).keep(1, pcmOf(1, 1));
  const answer = await theirs.stub.fetch(
    socketUrl({ role: "capture", encoding: "json", subject: "anyone", track: "mixed" }),
    {
      headers: { upgrade: "websocket" },
    },
  );
  const socket = answer.webSocket;
  if (!socket) throw new Error("no WebSocket");
  socket.accept();
  socket.send(JSON.stringify(chunkFrame({ sessionId, seq: 1, pcm: pcmOf(1, 2), encoding: "json" })));
  await eventually("the other tenant's chunk is kept", async () => {
    const tables = await theirs.dump();
    return (tables["ledger"]?.length ?? 0) === 1;
  });
  await theirs.wakeUntil("archived", async () => (await theirs.pending()) === 0);
  await mine.wakeUntil("archived", async () => (await mine.pending()) === 0);
  const object = await bindings.RESULT_BUCKET.get(`tenants/acme/${mine.key(1)}`);
  expect(object && new Uint8Array(await object.arrayBuffer())).toEqual(pcmOf(1, 2));
  expect(await mine.stored(1)).toEqual(pcmOf(1, 1));
});
