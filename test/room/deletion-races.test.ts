/** Questions that were under way when their session was deleted: they learn that, and not that storage is down (I4). */
import { describe, expect, test } from "vitest";
import { range } from "./support/audio.ts";
import { gateway } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { get, post } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const remove = (id: string): Promise<Response> => gateway(`/v1/sessions/${id}`, { method: "DELETE" });
const codeOf = async (answer: Response): Promise<string> => (await answer.json<{ code: string }>()).code;

async function recorded(isFinalized: boolean): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keepAll(range(1, 3));
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  if (isFinalized) await post(room.sessionId, "finalize");
  return room;
}

describe("while R2 is asked", () => {
  const questions: readonly [string, string, boolean][] = [
    ["the audio of an open meeting", "audio.wav", false],
    ["the audio of a finalized one", "audio.wav", true],
    ["a stretch of it", "audio.wav?from_ms=1000", true],
    ["its result", "result", true],
  ];
  test.for(questions)("[I4] %s: 410, not 503", async ([, route, isFinalized]) => {
    const room = await recorded(isFinalized);
    const faults = bucketFaults(room.sessionId);
    const before = faults.gets.length;
    const letGo = faults.holdGets();
    const asked = get(room.sessionId, route);
    await eventually("R2 is asked", () => faults.gets.length > before);
    expect((await remove(room.sessionId)).status).toBe(200);
    letGo();
    const answer = await asked;
    expect([answer.status, await codeOf(answer)]).toEqual([410, "session_deleted"]);
  });

  test("[I4] R2 down is still 503 for a session that is there", async () => {
    const room = await recorded(true);
    bucketFaults(room.sessionId).failGets();
    expect((await get(room.sessionId, "audio.wav")).status).toBe(503);
    expect((await get(room.sessionId, "result")).status).toBe(503);
  });
});
