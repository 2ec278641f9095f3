/** Meetings that are looked at again: ten seconds of one speaker, finalized, and what is then said of them. */
import { expect } from "vitest";
import { sessionResultSchema } from "../../../schemas/http/result.ts";
import { sessionStateSchema, type SessionState } from "../../../schemas/http/sessions.ts";
import { range, speechOf } from "./audio.ts";
import { Client } from "./client.ts";
import { createSession, get, post } from "./http.ts";
import { inference, sameSpeaker, type Segment } from "./inference.ts";
import { newSession, RoomUnderTest } from "./room.ts";

export const two: Segment[] = [
  { start_ms: 500, end_ms: 6_000, speaker: "voice_1" },
  { start_ms: 6_000, end_ms: 9_500, speaker: "voice_2" },
];

export const stateOf = async (id: string): Promise<SessionState> =>
  sessionStateSchema.parse(await (await get(id, "state")).json());
export const reviewOf = async (id: string): Promise<string | undefined> => (await stateOf(id)).reviews?.[0]?.status;
export const resultOf = async (id: string): Promise<ReturnType<typeof sessionResultSchema.parse>> =>
  sessionResultSchema.parse(await (await get(id, "result")).json());

/** Ten seconds of one speaker, as it was heard, finalized. */
export async function finalized(body: object = {}): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  const id = room.sessionId;
  await createSession(id, { resolve: { auto: true } });
  inference(id, (request) => Response.json(sameSpeaker(request)));
  await (await Client.connect(id)).keepAll(range(1, 10), speechOf);
  const asked = post(id, "finalize", body);
  await room.wakeUntil("it is finalized", async () => {
    await scheduler.wait(20);
    return (await room.status()) === "finalized";
  });
  expect((await asked).status).toBeLessThan(300);
  return room;
}

export async function ask(id: string): Promise<unknown> {
  const answer = await post(id, "resolve/review", {});
  expect(answer.status).toBe(202);
  return answer.json();
}

export const isAt = (id: string, status: string) => async (): Promise<boolean> => {
  await scheduler.wait(20);
  return (await reviewOf(id)) === status;
};

export async function done(room: RoomUnderTest): Promise<void> {
  await room.wakeUntil("it is done", isAt(room.sessionId, "done"), 40);
}

export const turnsOf = async (id: string): Promise<unknown[]> =>
  (await resultOf(id)).timeline.map(({ start_ms, end_ms, speaker_name, cluster_id }) => [
    start_ms,
    end_ms,
    speaker_name ?? cluster_id,
  ]);
