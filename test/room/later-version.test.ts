/** Rows that a later version of the gateway wrote before it was rolled back. */
import { expect, test } from "vitest";
import { type SessionResult, sessionResultSchema } from "../../schemas/http/result.ts";
import { gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { get, post, send } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const later = { type: "agenda.moved", by: "agent", track: null, version: "two", utterance: { said: 1 }, item: [1, 3] };

/** A room whose log has an event of a made-up type, and one of a known type with a made-up value. */
async function roomOfLater(): Promise<{ room: RoomUnderTest; id: string }> {
  const room = new RoomUnderTest(newSession());
  const id = room.sessionId;
  await (await Client.connect(id)).keepAll([1, 2]);
  await post(id, "utterances", { utterances: [{ utterance_id: "u1", start_ms: 0, end_ms: 900, text: "Before." }] });
  await room.inside((storage) => {
    for (const body of [later, { type: "speaker.resolved", cluster_id: "c1", by: "committee", decision: "maybe" }]) {
      storage.sql.exec(
        "INSERT INTO events (event_id, at, body) SELECT max(event_id) + 1, max(at), ? FROM events",
        JSON.stringify(body),
      );
    }
  });
  await room.evict();
  await post(id, "utterances", { utterances: [{ utterance_id: "u2", start_ms: 900, end_ms: 1_900, text: "After." }] });
  return { room, id };
}

test("[V6] rows of a later version are read by every route, and what this version knows goes on", async () => {
  const { id } = await roomOfLater();
  const page = await (await get(id, "events?after=0&limit=100")).json<{ events: { type: string }[] }>();
  expect(page.events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(["agenda.moved", "speaker.resolved", "utterance.added"]),
  );
  expect(page.events.find(({ type }) => type === later.type)).toMatchObject(later);
  for (const path of ["state", "transcript.txt", "transcript.vtt", "transcript.srt", "speakers.rttm"]) {
    const answer = await get(id, path);
    expect([path, answer.status]).toEqual([path, 200]);
  }
  expect(await (await get(id, "transcript.txt")).text()).toMatch(/Before\.[^]*After\./);
});

test("[V6] … told to whoever watches, by server-sent events and by a WebSocket", async () => {
  const { id } = await roomOfLater();
  const upgrade = await gateway(`/v1/sessions/${id}/live?after=0`, { headers: { upgrade: "websocket" } });
  let told = "";
  const socket = upgrade.webSocket;
  // As it came: the test's own client takes nothing but what this version says.
  socket?.addEventListener("message", ({ data }) => (told += String(data)));
  socket?.accept();
  await eventually("it is told", () => told.includes("After."));
  expect(told).toContain('"type":"agenda.moved"');
  socket?.close(1_000);
  const answer = await gateway(`/v1/sessions/${id}/events`, { headers: { accept: "text/event-stream" } });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("After.")) text += (await reader?.read())?.value ?? "";
  await reader?.cancel();
  expect(text).toContain("event: agenda.moved\n");
});

test("[V6] … and part of a result, which is made and revised with them", async () => {
  const { room, id } = await roomOfLater();
  expect((await post(id, "finalize")).status).toBe(200);
  await post(id, "utterances", { utterances: [{ utterance_id: "u3", start_ms: 5, end_ms: 9, text: "Later." }] });
  await room.wakeUntil("revised", async () => (await get(id, "result?version=2")).status === 200);
  const result = await (await get(id, "result")).json<SessionResult>();
  expect(result.events.find(({ type }) => type === (later.type as typeof type))).toMatchObject(later);
  expect(result.transcript.map(({ text }) => text)).toEqual(["Before.", "Later.", "After."]);
  expect(sessionResultSchema.omit({ events: true }).safeParse(result).success).toBe(true);
});

test("[V6] … and so are webhooks, the versions of a result and a session's settings", async () => {
  const { room, id } = await roomOfLater();
  const hook = `https://${id}.hooks.example/`;
  expect((await send("PATCH", `/v1/sessions/${id}`, { webhook_url: hook })).status).toBe(200);
  expect((await post(id, "webhooks/test", {})).status).toBe(202);
  expect((await post(id, "finalize")).status).toBe(200);
  await room.inside((storage) => {
    storage.sql.exec("UPDATE webhook_deliveries SET type = 'meeting.split', last_error = 'teapot' WHERE n = 1");
    storage.sql.exec(`UPDATE result_versions SET made_by = '["finalize","agenda"]'`);
    storage.sql.exec("UPDATE meta SET value = json_set(value, '$.captions', 'whispered') WHERE key = 'config'");
  });
  await room.evict();
  const { deliveries } = await (
    await get(id, "webhooks")
  ).json<{ deliveries: { delivery_id: string; type: string }[] }>();
  const split = deliveries.find(({ type }) => type === "meeting.split");
  expect(split).toMatchObject({ last_error: "teapot" });
  expect((await post(id, `webhooks/${split?.delivery_id}/resend`)).status).toBe(202);
  expect(await (await get(id, "results")).json()).toMatchObject({ versions: [{ made_by: ["finalize", "other"] }] });
  expect((await gateway(`/v1/sessions/${id}`)).status).toBe(200);
  // What such a session is told now goes on as before.
  await post(id, "utterances", { utterances: [{ utterance_id: "u4", start_ms: 5, end_ms: 9, text: "Later." }] });
  await room.wakeUntil("revised", async () => (await get(id, "result?version=2")).status === 200);
});
