import { expect, test } from "vitest";
import { sessionResultSchema } from "../../schemas/http/result.ts";
import { range, speechOf } from "./support/audio.ts";
import { recentChunks } from "../../server/gateway/archive/recent-chunks.ts";
import { bindings } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, eventsOfType, get, post } from "./support/http.ts";
import { inference, sameSpeaker } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const resultOf = async (id: string): Promise<ReturnType<typeof sessionResultSchema.parse>> =>
  sessionResultSchema.parse(await (await get(id, "result")).json());

/** Ten seconds that nobody resolved, finalized. */
async function givenUp(): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  const id = room.sessionId;
  await createSession(id, { resolve: { auto: true } });
  inference(id, () => new Response(null, { status: 503 }));
  await (await Client.connect(id)).keepAll(range(1, 10), speechOf);
  const finalized = post(id, "finalize");
  await room.wakeUntil("it is finalized", async () => {
    await scheduler.wait(20);
    return (await get(id, "result")).status === 200;
  });
  expect((await finalized).status).toBeLessThan(300);
  return room;
}

const retry = async (id: string): Promise<unknown> => (await post(id, "resolve/retry", {})).json();
const isResolved = (id: string) => async (): Promise<boolean> => {
  await scheduler.wait(20);
  return (await eventsOfType(id, "speaker.resolved")).length === 3;
};
const isRevised = (id: string, counted: object) => async (): Promise<boolean> => {
  await scheduler.wait(20);
  const { ingest, version } = await resultOf(id);
  return (version ?? 0) > 1 && Object.entries(counted).every(([name, value]) => Reflect.get(ingest, name) === value);
};

test("[F8] windows given up are resolved after finalize, through kills and an outage of R2, each once", async () => {
  const room = await givenUp();
  const id = room.sessionId;
  const first = await resultOf(id);
  expect(first).toMatchObject({ version: 1, timeline: [], ingest: { failed_windows: 3 } });
  bucketFaults(id).failGets();
  let isHeld = true;
  const requests = inference(id, (request) =>
    isHeld && requests.length === 2 ? new Promise<Response>(() => {}) : Response.json(sameSpeaker(request)),
  );
  expect(await retry(id)).toEqual({ reopened_windows: 3 });
  clock.advance(6_000);
  await room.wake();
  expect(requests).toHaveLength(0);
  await room.kill();
  bucketFaults(id).heal();
  await room.wakeUntil("the second one is asked for", async () => {
    await scheduler.wait(20);
    return requests.length >= 2;
  });
  await room.kill();
  isHeld = false;
  await room.wakeUntil("all are resolved", isResolved(id));
  await room.wakeUntil("the result says so", isRevised(id, { failed_windows: 0 }));
  const result = await resultOf(id);
  expect(result.made_by).toContain("resolve");
  expect(result.timeline).toMatchObject([{ start_ms: 0, end_ms: 10_000, cluster_id: "c1" }]);
  expect(result.audio).toEqual(first.audio);
  expect((await eventsOfType(id, "speaker.resolved")).map(({ from_seq }) => from_seq)).toEqual([1, 5, 9]);
  expect(await retry(id)).toEqual({ reopened_windows: 0 });
});

test("[F8] one long stretch that an earlier version gave up is opened a window at a time", async () => {
  const room = await givenUp();
  const id = room.sessionId;
  await room.evict();
  await room.inside((storage) => {
    storage.sql.exec("DELETE FROM resolve_windows WHERE from_seq > 1");
    storage.sql.exec("UPDATE resolve_windows SET to_seq = 10");
  });
  inference(id, (request) => Response.json(sameSpeaker(request)));
  expect(await retry(id)).toEqual({ reopened_windows: 3 });
  await room.wakeUntil("all are resolved", isResolved(id));
});

test("[F8] what R2 has lost is given up again, and the others are resolved", async () => {
  const room = await givenUp();
  const id = room.sessionId;
  await eventually("all is archived", async () => (await room.pending()) === 0);
  await bindings.RESULT_BUCKET.delete(room.key(6));
  recentChunks.forget(room.key(6));
  inference(id, (request) => Response.json(sameSpeaker(request)));
  expect(await retry(id)).toEqual({ reopened_windows: 3 });
  await room.wakeUntil("it is given up", async () => {
    await scheduler.wait(20);
    return (await eventsOfType(id, "resolve.failed")).length === 2;
  });
  await room.wakeUntil("the result says so", isRevised(id, { failed_windows: 1 }));
  expect((await eventsOfType(id, "speaker.resolved")).map(({ from_seq }) => from_seq)).toEqual([1, 9]);
});

test("[F8] a service that stays down is not asked for ever", async () => {
  const room = await givenUp();
  const id = room.sessionId;
  expect(await retry(id)).toEqual({ reopened_windows: 3 });
  const isGivenUp = async (): Promise<boolean> => {
    clock.advance(60_000);
    await scheduler.wait(5);
    return (await eventsOfType(id, "resolve.failed")).length > 1;
  };
  await room.wakeUntil("they are given up", isGivenUp, 200);
  expect(await room.count("resolve_windows", "status = 'failed'")).toBe(3);
});
