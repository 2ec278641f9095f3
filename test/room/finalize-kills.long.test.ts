import { expect, inject, test } from "vitest";
import { sessionResultSchema } from "../../schemas/http/result.ts";
import { seededRandom } from "../../client/testkit/fault-plan.ts";
import { range, speechOf } from "./support/audio.ts";
import { bindings } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { createSession, eventsOf, get, post } from "./support/http.ts";
import { inference, sameSpeaker } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const kills = 20;
/** Puts and steps of uploads in a finalize of this size: two WAVs and the result, under two keys. */
const operations = 8;
const seed = inject("seed");

async function stored(id: string): Promise<string | undefined> {
  return (await bindings.RESULT_BUCKET.get(`sessions/${id}/result.json`))?.text();
}

test(`[F1] killed at ${kills} random moments of finalize: each time one result, whole and never another, seed ${seed}`, async () => {
  const random = seededRandom(seed);
  const wavs = new Set<string>();
  let killedBeforeResult = 0;
  for (const _ of range(1, kills)) {
    const room = new RoomUnderTest(newSession());
    const id = room.sessionId;
    await createSession(id, { resolve: { auto: true } });
    inference(id, (request) => Response.json(sameSpeaker(request)));
    for (const track of ["mixed", "mic"]) {
      const client = await Client.connect(id, { track });
      await client.keepAll(range(1, 5), speechOf);
    }
    await eventually("all is archived", async () => (await room.pending()) === 0);
    const faults = bucketFaults(id);
    const { hangs, release } = faults.hangFrom(
      1 + Math.floor(random() * operations),
      random() < 0.5 ? "before" : "after",
    );
    // Its answer is lost with the room.
    const asked = post(id, "finalize").then(
      () => undefined,
      () => undefined,
    );
    await eventually("finalize is in the middle of it", hangs);
    await room.kill();
    faults.heal();
    release();
    await asked;
    const before = await stored(id);
    if (before === undefined) killedBeforeResult += 1;
    await room.wakeUntil("it is finalized", async () => (await room.status()) === "finalized");
    const after = await stored(id);
    expect(after).toBe(before ?? after);
    const result = sessionResultSchema.parse(JSON.parse(after ?? ""));
    expect(result).toMatchObject({ coverage: 1, gaps: [], ingest: { failed_windows: 0 } });
    expect(result.events).toEqual(await eventsOf(id));
    expect(result.events.filter(({ type }) => type === "session.finalized")).toHaveLength(1);
    expect(result.timeline.map(({ track, start_ms, end_ms }) => [track, start_ms, end_ms])).toEqual([
      ["mic", 0, 5_000],
      ["mixed", 0, 5_000],
    ]);
    for (const { wav } of result.audio) wavs.add(wav?.sha256 ?? "none");
    expect(await (await get(id, "result?include=centroids")).text()).toBe(after);
  }
  // The same audio makes the same file, wherever it was broken off.
  expect(wavs.size).toBe(1);
  expect(killedBeforeResult).toBeGreaterThan(0);
});
