/** A second look that is taken back: all of it and nothing else, however often, and whatever is said meanwhile. */
import { describe, expect, test } from "vitest";
import { correctionAnswerSchema } from "../../schemas/http/corrections.ts";
import type { RoomEvent } from "../../schemas/speech/events.ts";
import { range, speechOf } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { createSession, eventsOfType, get, post, send } from "./support/http.ts";
import { inference, reviews } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { ask, done, finalized, resultOf, reviewOf, stateOf, turnsOf, two } from "./support/second-look.ts";
import { eventually } from "./support/waiting.ts";

const heardFirst = [[0, 10_000, "c1"]];
const heardAgain = [
  [500, 6_000, "c1"],
  [6_000, 9_500, "r2"],
];

async function undo(id: string, eventId: number): Promise<RoomEvent[]> {
  const answer = await post(id, `events/${eventId}/undo`);
  expect(answer.status).toBe(200);
  return correctionAnswerSchema.parse(await answer.json()).events;
}

/** The event of the latest look. */
const lookOf = async (id: string): Promise<number> =>
  (await eventsOfType(id, "resolve.reviewed")).at(-1)?.event_id ?? 0;

/** @returns the event that undid the latest look. */
async function takeBack(id: string): Promise<number> {
  const [event] = await undo(id, await lookOf(id));
  expect(event).toMatchObject({ type: "speaker.undone", by: "person" });
  return event?.event_id ?? 0;
}

async function settled(room: RoomUnderTest): Promise<void> {
  await room.wakeUntil("the result says so", async () => {
    await scheduler.wait(20);
    return (await stateOf(room.sessionId)).result?.is_pending === false;
  });
}

async function lookedAt(): Promise<RoomUnderTest> {
  const room = await finalized();
  reviews(room.sessionId, two);
  await ask(room.sessionId);
  await done(room);
  await settled(room);
  expect(await turnsOf(room.sessionId)).toEqual(heardAgain);
  return room;
}

const bind = async (id: string, clusterId: string, name: string): Promise<void> =>
  expect((await send("PUT", `/v1/sessions/${id}/bindings/${clusterId}`, { name })).status).toBe(200);

describe("a second look that is undone", () => {
  test("[R20] [S7] is as if it had not been, in every view; once; and holds again where that is undone", async () => {
    const room = await lookedAt();
    const id = room.sessionId;
    const undone = await takeBack(id);
    expect(await undo(id, await lookOf(id))).toEqual([]);
    expect(await reviewOf(id)).toBe("undone");
    expect(await (await get(id, "speakers.rttm")).text()).toMatch(/ 0\.000 10\.000 .* c1 /);
    await settled(room);
    expect(await turnsOf(id)).toEqual(heardFirst);
    expect((await resultOf(id)).made_by).toContain("corrections");
    // In a room that has only the log to know it by, too.
    await room.kill();
    expect(await reviewOf(id)).toBe("undone");
    const said = { start_ms: 7_000, end_ms: 8_000, text: "Not a word of names." };
    expect((await post(id, "utterances", { utterances: [said] })).status).toBe(200);
    expect(await (await get(id, "transcript.txt")).text()).toContain("c1");

    const [again] = await undo(id, undone);
    expect(again).toMatchObject({ type: "speaker.undone", undoes: undone });
    expect(await reviewOf(id)).toBe("done");
    await settled(room);
    expect(await turnsOf(id)).toEqual(heardAgain);
    expect(await (await get(id, "transcript.txt")).text()).toContain("r2");
  });

  test("[R20] [S4] leaves what people said since: a name, and a turn that was placed", async () => {
    const room = await lookedAt();
    const id = room.sessionId;
    await bind(id, "c1", "Ada");
    await bind(id, "r2", "Ben");
    const [second] = (await eventsOfType(id, "speaker.resolved")).slice(-1);
    const placed = await send("PATCH", `/v1/sessions/${id}/turns/${second?.event_id}`, { cluster_id: "r2" });
    expect(placed.status).toBe(200);
    const undone = await takeBack(id);
    await settled(room);
    expect(await turnsOf(id)).toEqual([
      [0, 6_000, "Ada"],
      [6_000, 9_500, "Ben"],
      [9_500, 10_000, "Ada"],
    ]);
    await undo(id, undone);
    await settled(room);
    expect(await turnsOf(id)).toEqual([
      [500, 6_000, "Ada"],
      [6_000, 9_500, "Ben"],
    ]);
  });

  test("[R20] while another is under way: that one goes by what stands, and holds", async () => {
    const room = await lookedAt();
    const id = room.sessionId;
    const first = await lookOf(id);
    const service = { isHeld: true };
    const one = [{ start_ms: 1_000, end_ms: 9_000, speaker: "voice_1" }];
    const heard = reviews(id, async () => {
      while (service.isHeld) await scheduler.wait(5);
      return Response.json({ segments: one });
    });
    await ask(id);
    const waking = room.wake();
    await eventually("it is under way", () => heard.length === 1);
    await takeBack(id);
    expect(await reviewOf(id)).toBe("waiting");
    service.isHeld = false;
    await waking;
    await done(room);
    await settled(room);
    expect(await turnsOf(id)).toEqual([[1_000, 9_000, "c1"]]);
    // Of the two that are undone now none holds; of the two, the later one is undone alone.
    const second = await takeBack(id);
    await settled(room);
    expect(await turnsOf(id)).toEqual(heardFirst);
    await undo(id, second);
    await settled(room);
    expect(await turnsOf(id)).toEqual([[1_000, 9_000, "c1"]]);
    expect(await lookOf(id)).toBeGreaterThan(first);
  });

  test("[R20] [F8] gives the windows up again that it alone heard", async () => {
    const id = newSession();
    const room = new RoomUnderTest(id);
    await createSession(id, { resolve: { auto: true } });
    inference(id, () => new Response(null, { status: 503 }));
    await (await Client.connect(id)).keepAll(range(1, 10), speechOf);
    const asked = post(id, "finalize");
    await room.wakeUntil("it is finalized", async () => {
      await scheduler.wait(20);
      return (await room.status()) === "finalized";
    });
    await asked;
    reviews(id, two);
    await ask(id);
    await done(room);
    await settled(room);
    expect((await resultOf(id)).ingest).toMatchObject({ failed_windows: 0 });
    const undone = await takeBack(id);
    await settled(room);
    expect((await resultOf(id)).ingest).toMatchObject({ failed_windows: 3 });
    expect(await turnsOf(id)).toEqual([]);
    await undo(id, undone);
    await settled(room);
    expect((await resultOf(id)).ingest).toMatchObject({ failed_windows: 0 });
    await takeBack(id);
    expect(await (await post(id, "resolve/retry", {})).json()).toEqual({ reopened_windows: 3 });
  });

  test("[R20] [S5] leaves its ids behind, so that the next look's are others", async () => {
    const room = await lookedAt();
    const id = room.sessionId;
    await takeBack(id);
    await settled(room);
    reviews(id, two);
    await ask(id);
    await done(room);
    await settled(room);
    expect(await turnsOf(id)).toEqual(heardAgain.map((turn) => turn.map((value) => (value === "r2" ? "r3" : value))));
    expect((await stateOf(id)).state.clusters.map(({ cluster_id }) => cluster_id).toSorted()).toEqual([
      "c1",
      "r2",
      "r3",
    ]);
  });

  test("[R20] that heard nobody has nothing that could be taken back", async () => {
    const room = await finalized();
    const id = room.sessionId;
    reviews(id, []);
    await ask(id);
    await done(room);
    const answer = await post(id, `events/${await lookOf(id)}/undo`);
    expect([answer.status, await answer.json()]).toMatchObject([409, { code: "not_undoable" }]);
    await settled(room);
    expect(await turnsOf(id)).toEqual(heardFirst);
  });
});
