/** What a room waits for is tried again later each time, and soon again once something moved. */
import { expect, test } from "vitest";
import { range, speechOf } from "./support/audio.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, post } from "./support/http.ts";
import { inference, sameSpeaker } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

const firstMs = 5_000;
const maxMs = 60_000;

/** Runs the room's alarms until the job has run, and says how long it then waits; undefined where it has no next run. */
async function waitAfterRun(room: RoomUnderTest, job: string): Promise<number | undefined> {
  const dueAt = async (): Promise<number | undefined> => {
    const [row] = await room.rows(`SELECT due_at FROM jobs WHERE name = '${job}'`);
    return row && Number(row["due_at"]);
  };
  const due = await dueAt();
  for (let alarms = 0; alarms < 40; alarms += 1) {
    if (!(await room.wake())) break;
    const next = await dueAt();
    if (next !== due) return next && next - clock.now();
  }
  throw new Error(`the room's alarms did not run the job "${job}"`);
}

async function waitsOf(room: RoomUnderTest, job: string, runs: number): Promise<(number | undefined)[]> {
  const waits: (number | undefined)[] = [];
  for (let n = 0; n < runs; n += 1) waits.push(await waitAfterRun(room, job));
  return waits;
}

/** Each twice the one before, half of it jitter, and none beyond the longest. */
function expectBackoff(waits: readonly (number | undefined)[], failures = 1): void {
  waits.forEach((wait = 0, i) => {
    const longest = Math.min(maxMs, firstMs * 2 ** (i + failures - 1));
    expect(wait, `wait ${i + 1} of ${waits.join()}`).toBeLessThanOrEqual(longest);
    expect(wait, `wait ${i + 1} of ${waits.join()}`).toBeGreaterThanOrEqual(longest / 2);
  });
}

test("[K9] a finalize whose chunks R2 does not take waits longer each time, and soon again once one was taken", async () => {
  const room = new RoomUnderTest(newSession());
  const faults = bucketFaults(room.sessionId);
  faults.failPuts();
  await (await Client.connect(room.sessionId)).keepAll([1, 2]);
  expect((await post(room.sessionId, "finalize")).status).toBe(202);
  // The first run was the request's own.
  expectBackoff(await waitsOf(room, "finalize", 6), 2);
  faults.failPuts((key) => key === room.key(2));
  // The first wait that is no longer the longest is the first after chunk 1 was taken.
  let wait: number | undefined = maxMs;
  for (let runs = 0; runs < 20 && (wait ?? 0) >= maxMs / 2; runs += 1) wait = await waitAfterRun(room, "finalize");
  expectBackoff([wait]);
  expect(await room.pending()).toBe(1);
  faults.heal();
  await room.wakeUntil("finalized", async () => (await room.status()) === "finalized");
});

test.for(["create", "part 1", "complete"] as const)(
  "[K9] a finalize whose WAV fails at `%s` waits longer each time",
  async (step) => {
    const room = new RoomUnderTest(newSession());
    await (await Client.connect(room.sessionId)).keepAll([1, 2]);
    await room.wakeUntil("archived", async () => (await room.pending()) === 0);
    bucketFaults(room.sessionId).failUpload(step);
    expect((await post(room.sessionId, "finalize")).status).toBe(202);
    expectBackoff(await waitsOf(room, "finalize", 4), 2);
  },
);

test("[K9] a finalize that waits for speaker resolve gives it up when patience is over, however far the next try is", async () => {
  const room = new RoomUnderTest(newSession());
  await createSession(room.sessionId, { resolve: { auto: true } });
  inference(room.sessionId, () => new Response("down", { status: 503 }));
  await (await Client.connect(room.sessionId)).keepAll(range(1, 4), speechOf);
  const begunAt = clock.now();
  expect((await post(room.sessionId, "finalize")).status).toBe(202);
  await room.wakeUntil("finalized", async () => (await room.status()) === "finalized", 60);
  expect(clock.now() - begunAt).toBeLessThanOrEqual(61_000);
});

test("[K9] a window whose audio R2 does not give waits longer each time, and is resolved when R2 is back", async () => {
  const room = new RoomUnderTest(newSession());
  await createSession(room.sessionId, { resolve: { auto: true } });
  const requests = inference(room.sessionId, (request) => Response.json(sameSpeaker(request)));
  const faults = bucketFaults(room.sessionId);
  const client = await Client.connect(room.sessionId);
  await client.keepAll(range(1, 3), speechOf);
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  faults.failGets();
  await client.keep(4, speechOf(4));
  const waits = (await waitsOf(room, "resolve", 6)).slice(1);
  expectBackoff(waits.slice(-1), 9);
  expect(waits.every((wait = 0) => wait <= maxMs)).toBe(true);
  expect(requests).toHaveLength(0);
  faults.heal();
  await room.wakeUntil("resolved", () => Promise.resolve(requests.length === 1));
});
