/** What the app reaches of meetings through its binding, and the app's own receiver. */
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { wireErrors } from "../../schemas/wire/errors.ts";
import type { Env as AppEnv } from "../../server/app/env.ts";
import type { GatewayEntrypoint } from "../../server/gateway/entry/gateway-entrypoint.ts";
import { pcmOf } from "./support/audio.ts";
import { bindings, gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { eventsOf, post, send } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

type Rpc = Pick<GatewayEntrypoint, "fetch" | "sessionState" | "eventsAfter" | "chunks">;
const { GatewayEntrypoint: entry } = exports as unknown as { GatewayEntrypoint: Rpc };
const sessionOf = (session_id: string) => ({ tenant: "default", session_id });

async function meeting(seqs: readonly number[]): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keepAll(seqs);
  client.close();
  return room;
}

describe("GATEWAY", () => {
  test.each([
    ["/v1/audio/ws/ID/ai", "finalize"],
    ["/v1/audio/ws/ID/ai", "delete"],
    ["/v1/sessions/ID/live", "delete"],
  ] as const)("[W7] a socket %s after %s is refused in the room's words, for good", async (path, what) => {
    const { sessionId } = await meeting([1]);
    if (what === "delete") await gateway(`/v1/sessions/${sessionId}`, { method: "DELETE" });
    else await post(sessionId, "finalize");
    const headers = { upgrade: "websocket", "x-roomtone-tenant": "default" };
    const answer = await entry.fetch(
      new Request(`https://gateway.internal${path.replace("ID", sessionId)}`, { headers }),
    );
    const client = await Client.over(answer, sessionId);
    expect(await client.nextOf("error")).toMatchObject({ code: "session_finalized", retryable: false });
    await client.expectClose(wireErrors.session_finalized.closeCode);
  });

  test("[X2] a session's state and its events, from any of them on", async () => {
    const { sessionId } = await meeting([1, 2]);
    const state = await entry.sessionState(sessionOf(sessionId));
    expect(state).toMatchObject({ ok: true, value: { session_id: sessionId, status: "open", event_count: 1 } });
    const all = await eventsOf(sessionId);
    expect(await entry.eventsAfter(sessionOf(sessionId), 0)).toEqual({
      ok: true,
      value: { events: all, next_after: 1, has_more: false },
    });
    expect(await entry.eventsAfter(sessionOf(sessionId), 1)).toMatchObject({ ok: true, value: { events: [] } });
  });

  test("[X2] kept seconds, wherever their bytes are, and no place between them filled", async () => {
    const room = await meeting([1, 3, 40]);
    const from = (seq: number) => entry.chunks(sessionOf(room.sessionId), "mixed", seq);
    const expected = [1, 3].map((seq) => ({ seq, pcm: pcmOf(seq) }));
    expect(await from(1)).toEqual({ ok: true, value: expected });
    await room.wakeUntil("archived", async () => (await room.pending()) === 0);
    expect(await from(1)).toEqual({ ok: true, value: expected });
    expect(await from(33)).toEqual({ ok: true, value: [{ seq: 40, pcm: pcmOf(40) }] });
    expect(await from(41)).toEqual({ ok: true, value: [] });
  });

  test("[X2] all of the places that it promises, and none beyond them", async () => {
    const { sessionId } = await meeting([1, 16, 17, 32, 33]);
    const given = await entry.chunks(sessionOf(sessionId), "mixed", 1);
    expect(given.ok && given.value.map(({ seq }) => seq)).toEqual([1, 16, 17, 32]);
  });

  test("[X2] [T1] another tenant's session of the same name is none, and what never was is not created", async () => {
    const { sessionId } = await meeting([1]);
    const other = { tenant: "acme", session_id: sessionId };
    const none = { ok: false, error: "session_not_found" };
    expect(await entry.sessionState(other)).toEqual(none);
    expect(await entry.eventsAfter(other, 0)).toEqual(none);
    expect(await entry.chunks(other, "mixed", 1)).toEqual(none);
    const tables = await new RoomUnderTest(sessionId, "acme").dump();
    expect(tables["meta"]).toBeUndefined();
  });

  test("[X2] a deleted session is deleted", async () => {
    const { sessionId } = await meeting([1]);
    await send("DELETE", `/v1/sessions/${sessionId}`);
    const gone = { ok: false, error: "session_deleted" };
    expect(await entry.sessionState(sessionOf(sessionId))).toEqual(gone);
    expect(await entry.chunks(sessionOf(sessionId), "mixed", 1)).toEqual(gone);
  });

  test.each([
    ["a session", () => entry.sessionState({ tenant: "default", session_id: "../x" })],
    ["a tenant", () => entry.sessionState({ tenant: "a/b", session_id: "x" })],
    ["a track", () => entry.chunks(sessionOf("x"), "../x", 1)],
    ["a seq", () => entry.chunks(sessionOf("x"), "mixed", 0.5)],
    ["a cursor", () => entry.eventsAfter(sessionOf("x"), -1)],
  ])("[N1] %s that is none reaches no room", async (_, ask) => {
    expect(await ask()).toEqual({ ok: false, error: "bad_request" });
  });
});

describe("the app's receiver", () => {
  const at = new Date(0).toISOString();
  const opened = (id: number) => ({ id, at, type: "session.opened" as const });
  const take = (session_id: string, ids: readonly number[]): Promise<unknown> | undefined =>
    bindings.APP?.takeMeeting({ ...sessionOf(session_id), messages: ids.map(opened) });
  const feeds = (env as unknown as AppEnv).MEETING_FEED;
  const positionOf = (sessionId: string) => feeds.getByName(`default/${sessionId}`).position();

  test("[X7] each message has its effect once, in order, however often it comes", async () => {
    const sessionId = newSession();
    expect(await take(sessionId, [1, 2])).toEqual({ taken_through: 2 });
    expect(await take(sessionId, [1, 2])).toEqual({ taken_through: 2 });
    expect(await take(sessionId, [2, 3, 4])).toEqual({ taken_through: 4 });
    expect(await take(sessionId, [1])).toEqual({ taken_through: 4 });
    expect(await positionOf(sessionId)).toEqual({ last_id: 4, taken: 4, missed: 0 });
  });

  test("[X7] a hole is counted, and holds nothing up: what is lost comes no more", async () => {
    const sessionId = newSession();
    expect(await take(sessionId, [5, 6])).toEqual({ taken_through: 6 });
    expect(await positionOf(sessionId)).toEqual({ last_id: 6, taken: 2, missed: 4 });
  });

  test("[X7] a batch with a message that it does not know is not taken, nor what is before it", async () => {
    const sessionId = newSession();
    const unknown = { id: 2, at, type: "session.sung" };
    const batch = { ...sessionOf(sessionId), messages: [opened(1), unknown] };
    expect(await bindings.APP?.takeMeeting(batch as never)).toEqual({ taken_through: 0 });
    expect(await positionOf(sessionId)).toEqual({ last_id: 0, taken: 0, missed: 0 });
  });

  test("[X7] a session that nobody told of keeps nothing", async () => {
    const stub = feeds.getByName(`default/${newSession()}`);
    expect(await stub.position()).toEqual({ last_id: 0, taken: 0, missed: 0 });
    const tables = await runInDurableObject(stub, (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT GLOB '_cf_*'").toArray(),
    );
    expect(tables).toEqual([]);
  });
});
