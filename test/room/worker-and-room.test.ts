/** Worker and room of different versions: for a day after a deploy they talk to each other. */
import { expect, test } from "vitest";
import { reasonOf } from "../../server/gateway/http/earlier-rooms.ts";
import { failureOf, type Reason } from "../../server/gateway/http/problems.ts";
import { reachRoom, SessionDeletedError } from "../../server/gateway/http/rooms.ts";
import { pageText, readSlice } from "../../server/gateway/http/log-reader.ts";
import { lookAtMeeting, readMeeting } from "../../server/gateway/http/read-meeting.ts";
import { exports, writePages } from "../../server/gateway/results/exports/exports.ts";
import { Client } from "./support/client.ts";
import { get } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

interface Calls {
  call(method: string, ...args: unknown[]): Promise<{ isGone: boolean; answer?: unknown; isUnknown?: boolean }>;
}
const callsOf = (room: RoomUnderTest): Calls => room.stub as unknown as Calls;

test("[K8] a question as the Worker of Nov 21 asks it is answered, and ends no live connection", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  const { isGone, answer } = await callsOf(room).call("describe");
  expect({ isGone, answer }).toMatchObject({ isGone: false, answer: { session_id: room.sessionId } });
  expect(await callsOf(room).call("events", 0, 1)).toMatchObject({ answer: { ok: true, value: { events: [{}] } } });
  expect((await client.keep(2)).status).toBe("stored");
});

test.each(["translate", "constructor", "toString", "__proto__", undefined, { method: "describe", args: [] }])(
  "[K8] a method that the room does not have (%j) is an answer, and no failure of the room",
  async (method) => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId);
    await client.keep(1);
    expect(await callsOf(room).call(method as string, 1)).toEqual({ isGone: false, isUnknown: true });
    expect((await client.keep(2)).status).toBe("stored");
  },
);

/** The room of Nov 21, as far as its `call` goes: it gives a method the arguments that come, in their order. */
function earlierRoom(methods: Record<string, (...args: never[]) => unknown>, isGone = false): DurableObjectNamespace {
  const call = async (method: string, ...args: never[]): Promise<unknown> => {
    const ask = methods[method];
    if (!ask) throw new Error("the room fails");
    return isGone ? { isGone } : { isGone: false, answer: ask(...args) };
  };
  return { getByName: () => ({ call }) } as unknown as DurableObjectNamespace;
}
const reach = (rooms: DurableObjectNamespace) => reachRoom(rooms, "default", "s", "0".repeat(32));

test("[K8] the Worker's questions are what a room of Nov 21 understands", async () => {
  const page = { events: [], next_after: 7, has_more: false };
  const rooms = earlierRoom({
    exists: () => true,
    events: (after: number, limit: number) => ({ ok: true, value: { ...page, next_after: after + limit } }),
    meeting: (track: string | undefined) => ({ ok: true, value: track }),
  });
  expect(await reach(rooms).call("exists")).toBe(true);
  expect(await reach(rooms).call("events", 3, 4)).toEqual({ ok: true, value: page });
  expect(await reach(rooms).call("meeting", undefined)).toEqual({ ok: true, value: undefined });
  await expect(reach(earlierRoom({ exists: () => true }, true)).call("exists")).rejects.toThrow(SessionDeletedError);
});

test("[K8] a Worker of before December asks for pages and for whole meetings, and gets them", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  const words = { utterance_id: "u1", track: "mixed", start_ms: 0, end_ms: 900, text: "Hello." };
  await callsOf(room).call("addUtterances", [words]);
  const page = await callsOf(room).call("events", 0, 10);
  expect(page.answer).toMatchObject({
    ok: true,
    value: { events: [{ event_id: 1 }, { event_id: 2 }], has_more: false },
  });
  const meeting = await callsOf(room).call("meeting", undefined);
  expect(meeting.answer).toMatchObject({ ok: true, value: { transcript: [{ text: "Hello." }], timeline: [] } });
});

test("[K8] exports and pages out of a room of before December, which knows no slices, are the same", async () => {
  const event = { event_id: 1, at: "2026-11-01T00:00:00.000Z", type: "track.opened", track: "mixed", by: "room" };
  const entry = { utterance_id: "u", track: "mixed", start_ms: 0, end_ms: 900, cluster_id: null, speaker_name: null };
  const rooms = earlierRoom({
    events: (after: number) => ({ ok: true, value: { events: [event], next_after: after + 1, has_more: false } }),
    meeting: () => ({
      ok: true,
      value: { sessionId: "s", timeline: [], transcript: [{ ...entry, text: "Hello." }], gaps: [] },
    }),
  });
  const ask = { track: undefined, hasTranscript: true };
  const look = await lookAtMeeting(reach(rooms), ask);
  if (!look.ok) throw new Error(look.error);
  expect(look.value.content).toBeUndefined();
  const meeting = await readMeeting(reach(rooms), ask, look.value);
  const pieces: string[] = [];
  const document = exports["transcript.txt"].open(meeting);
  for await (const piece of writePages(document, meeting.transcript)) pieces.push(piece);
  expect(pieces.join("")).toBe("[00:00:00] unknown: Hello.\n");
  expect(await pageText(reach(rooms), 0, 10)).toEqual({
    ok: true,
    value: JSON.stringify({ events: [event], next_after: 1, has_more: false }),
  });
  expect(await readSlice(reach(rooms), 0, 10)).toMatchObject({ ok: true, value: { events: [event] } });
});

test.each([
  ["finalize", { code: "session_not_found" }, "session_not_found"],
  ["finalize", { code: "bad_request", detail: "expect: a session has at most 8 tracks." }, "bad_request"],
  ["resolve", { code: "too_many_sessions" }, "too_many_sessions"],
  ["resolve", { code: "resolve_queue_full", detail: "Wait." }, "resolve_queue_full"],
  ["resolve", { code: "inference_failed", detail: "Speaker resolve: HTTP 500." }, "inference_failed"],
  ["resolve", { code: "inference_unavailable", detail: "Wait.", retryAfterMs: 5_000 }, "inference_unavailable"],
  ["correct", { code: "turn_not_found", detail: "No such turn." }, "turn_not_found"],
  ["addUtterances", "session_finalized", "session_finalized"],
  ["configure", "session_finalized", "session_finalized"],
  ["configure", "resolve_started", "resolve_started"],
  ["retryResolves", "session_finalized", "session_finalized"],
] as const)("[K8] %s refused in the words of Nov 21, %j, is answered %s", async (method, refusal, code) => {
  expect(failureOf(reasonOf(method, refusal) as Reason).code).toBe(code);
});

test("[K8] refusals of this version stay as they are", async () => {
  const room = new RoomUnderTest(newSession());
  expect((await get(room.sessionId, "events")).status).toBe(404);
  const refusal = { reason: "inference_failed", detail: "HTTP 500" };
  expect(reasonOf("resolve", refusal)).toBe(refusal);
});
