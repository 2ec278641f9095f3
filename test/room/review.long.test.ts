/** The second look at who speaks: what it says, what it does not lose, and every way in which it does not come. */
import { describe, expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { recentChunks } from "../../server/gateway/archive/recent-chunks.ts";
import { bindApp } from "./support/app-faults.ts";
import { range, speechOf } from "./support/audio.ts";
import { bindings } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, eventsOfType, get, post, send } from "./support/http.ts";
import { inference, reviews, sameSpeaker } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { ask, done, finalized, isAt, resultOf, reviewOf, stateOf, turnsOf, two } from "./support/second-look.ts";
import { eventually } from "./support/waiting.ts";

const path = "resolve/review";
const bind = async (id: string, clusterId: string, name: string): Promise<number> =>
  (await send("PUT", `/v1/sessions/${id}/bindings/${clusterId}`, { name })).status;
const codeOf = async (answer: Response): Promise<string> => {
  const { code } = await answer.json<{ code: string }>();
  return `${answer.status} ${code}`;
};
async function givenUp(room: RoomUnderTest): Promise<string | undefined> {
  await room.wakeUntil("it is given up", isAt(room.sessionId, "failed"), 60);
  const failures = await eventsOfType(room.sessionId, "resolve.review_failed");
  expect(failures).toHaveLength(1);
  expect(await eventsOfType(room.sessionId, "resolve.reviewed")).toEqual([]);
  expect((await eventsOfType(room.sessionId, "speaker.resolved")).every(({ replaces }) => replaces === undefined)).toBe(
    true,
  );
  return failures[0]?.detail;
}

/** As the ledger is told of them. */
async function resolveCalls(room: RoomUnderTest): Promise<number> {
  const [row] = await room.rows("SELECT value FROM app_told WHERE key = 'resolve_calls'");
  return Number(row?.["value"] ?? 0);
}

describe("a second look", () => {
  test("[R16] [R17] [R18] comes by itself after the first version, hears all that is kept, and makes the next", async () => {
    const id = newSession();
    const room = new RoomUnderTest(id);
    bindApp(id);
    await createSession(id, { resolve: { auto: true, review: true } });
    inference(id, (request) => Response.json(sameSpeaker(request)));
    const heard = reviews(id, two);
    const client = await Client.connect(id);
    // The fourth second never comes.
    await client.keepAll([1, 2, 3, 5, 6, 7, 8, 9, 10], speechOf);
    const asked = post(id, "finalize");
    await room.wakeUntil("it is finalized", async () => {
      await scheduler.wait(20);
      return (await room.status()) === "finalized";
    });
    await asked;
    expect(heard).toHaveLength(0);
    expect(await turnsOf(id)).toEqual([[0, 10_000, "c1"]]);
    expect(await bind(id, "c1", "Ada")).toBe(200);
    const callsBefore = await resolveCalls(room);
    await done(room);
    const [bytes = new Uint8Array()] = heard;
    expect(bytes.length).toBe(10 * chunkBytes);
    expect(bytes.subarray(4 * chunkBytes)).toEqual(
      new Uint8Array(await new Blob(range(5, 10).map((seq) => speechOf(seq))).arrayBuffer()),
    );
    expect(bytes.subarray(3 * chunkBytes, 4 * chunkBytes).every((byte) => byte === 0)).toBe(true);
    await room.wakeUntil("the result says so", async () => ((await resultOf(id)).version ?? 1) > 1);
    expect(await turnsOf(id)).toEqual([
      [500, 6_000, "Ada"],
      [6_000, 9_500, "r2"],
    ]);
    expect((await resultOf(id)).made_by).toContain("resolve");
    const { state } = await stateOf(id);
    expect(state.clusters.map(({ cluster_id }) => cluster_id)).toEqual(["c1", "r2"]);
    expect(await (await get(id, "speakers.rttm")).text()).toMatch(/ 0\.500 5\.500 .* Ada /);
    // The new one is somebody whom people can name, as any other.
    expect(await bind(id, "r2", "Ben")).toBe(200);
    expect(await resolveCalls(room)).toBe(callsBefore + 1);
    // It comes by itself once.
    await room.kill();
    await room.wake();
    expect(heard).toHaveLength(1);
  });

  test("[R16] is asked for of a finalized session alone, of a track that it has, and again it is one", async () => {
    const id = newSession();
    await createSession(id, { resolve: { auto: true } });
    expect(await codeOf(await post(id, path, {}))).toBe("409 not_finalized");
    const room = await finalized();
    const heard = reviews(room.sessionId, two);
    expect((await stateOf(room.sessionId)).reviews).toBeUndefined();
    expect(await codeOf(await post(room.sessionId, path, { track: "nobody" }))).toMatch(/^404 track_not_found/);
    expect(await ask(room.sessionId)).toEqual({ reviewing_tracks: ["mixed"] });
    expect(await ask(room.sessionId)).toEqual({ reviewing_tracks: ["mixed"] });
    await done(room);
    expect(heard).toHaveLength(1);
    expect(await eventsOfType(room.sessionId, "resolve.reviewed")).toHaveLength(1);
    // Asked for anew it is another one, and says the same without a turn twice.
    await ask(room.sessionId);
    await room.wakeUntil("it is done again", async () => {
      await scheduler.wait(20);
      return (await eventsOfType(room.sessionId, "resolve.reviewed")).length === 2;
    });
    await room.wakeUntil(
      "the result says so",
      async () => (await stateOf(room.sessionId)).result?.is_pending === false,
    );
    expect(await turnsOf(room.sessionId)).toEqual([
      [500, 6_000, "c1"],
      [6_000, 9_500, "r2"],
    ]);
  });

  test("[S3] [R16] under an idempotency key it is asked for once", async () => {
    const room = await finalized();
    const heard = reviews(room.sessionId, two);
    const keyed = { headers: { "idempotency-key": "again" } };
    const first = await post(room.sessionId, path, {}, keyed.headers);
    await done(room);
    const again = await post(room.sessionId, path, {}, keyed.headers);
    expect([first.status, again.status, again.headers.get("x-idempotent-replay")]).toEqual([202, 202, "true"]);
    await room.wake();
    expect(heard).toHaveLength(1);
  });

  test("[R17] [F8] takes windows that were given up as heard", async () => {
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
    expect((await resultOf(id)).ingest).toMatchObject({ failed_windows: 3 });
    reviews(id, two);
    await ask(id);
    await done(room);
    await room.wakeUntil("the result says so", async () => ((await resultOf(id)).version ?? 1) > 1);
    expect((await resultOf(id)).ingest).toMatchObject({ failed_windows: 0 });
    expect(await turnsOf(id)).toEqual([
      [500, 6_000, "r2"],
      [6_000, 9_500, "r3"],
    ]);
    expect(await (await post(id, "resolve/retry", {})).json()).toEqual({ reopened_windows: 0 });
  });

  test("[R18] [S4] [S1] what a person says while it is under way counts", async () => {
    const room = await finalized();
    const id = room.sessionId;
    const [turn] = await eventsOfType(id, "speaker.resolved");
    const service = { isHeld: true };
    const heard = reviews(id, async () => {
      while (service.isHeld) await scheduler.wait(5);
      return Response.json({ segments: two });
    });
    await ask(id);
    const waking = room.wake();
    await eventually("it is under way", () => heard.length === 1);
    expect(await bind(id, "c1", "Ada")).toBe(200);
    expect((await send("PATCH", `/v1/sessions/${id}/turns/${turn?.event_id}`, { cluster_id: null })).status).toBe(200);
    service.isHeld = false;
    await waking;
    await done(room);
    await room.wakeUntil("the result says so", async () => (await stateOf(id)).result?.is_pending === false);
    // The first window was placed, and stays as it was; the voice that was heard there is whom a person said.
    expect(await turnsOf(id)).toEqual([
      [0, 6_000, "p1"],
      [6_000, 9_500, "Ada"],
    ]);
  });

  test("[R17] later captions are given to who speaks by it", async () => {
    const room = await finalized();
    const id = room.sessionId;
    reviews(id, two);
    await ask(id);
    await done(room);
    const said = { start_ms: 7_000, end_ms: 8_000, text: "Not a word of names." };
    expect((await post(id, "utterances", { utterances: [said] })).status).toBe(200);
    expect(await (await get(id, "transcript.txt")).text()).toContain("r2");
  });
});

describe("a second look that does not come", () => {
  test.for([
    ["HTML", () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } })],
    ["a voice over itself", () => Response.json({ segments: [two[0], two[0]] })],
    ["ends after the audio", () => Response.json({ segments: [{ ...two[0], end_ms: 60_000 }] })],
    ["500", () => new Response(null, { status: 500 })],
    ["never", () => new Promise<Response>(() => {})],
  ] as const)("[R19] whose answer is %s is tried again, and taken once it is right", async ([, wrong]) => {
    const room = await finalized();
    const heard = reviews(room.sessionId, () => (heard.length === 1 ? wrong() : Response.json({ segments: two })));
    await ask(room.sessionId);
    await done(room);
    expect(heard).toHaveLength(2);
    expect(await eventsOfType(room.sessionId, "resolve.reviewed")).toHaveLength(1);
  });

  test("[R19] is given up after ten tries, on the record, and can be asked for again", async () => {
    const room = await finalized();
    const id = room.sessionId;
    const heard = reviews(id, () => new Response(null, { status: 500 }));
    await ask(id);
    expect(await givenUp(room)).toBe("the service answered 500");
    expect(heard).toHaveLength(10);
    expect((await stateOf(id)).reviews).toMatchObject([
      { track: "mixed", status: "failed", detail: "the service answered 500" },
    ]);
    reviews(id, two);
    await ask(id);
    await done(room);
  });

  test.for([
    ["refuses it", 422, { detail: "whole samples, please" }, "whole samples, please"],
    ["has no such path", 404, {}, "the service looks at no track again"],
  ] as const)("[R19] is given up at once where the service %s", async ([, status, body, why]) => {
    const room = await finalized();
    const heard = reviews(room.sessionId, () => Response.json(body, { status }));
    await ask(room.sessionId);
    expect(await givenUp(room)).toBe(why);
    expect(heard).toHaveLength(1);
  });

  test("[limit:maxReviewSeconds] [R19] of a track that is longer is not asked for", async () => {
    const room = await finalized({ expect: { mixed: limits.maxReviewSeconds + 1 } });
    const heard = reviews(room.sessionId, two);
    await ask(room.sessionId);
    expect(await givenUp(room)).toBe(`the track is longer than ${limits.maxReviewSeconds} s`);
    expect(heard).toHaveLength(0);
    const just = await finalized({ expect: { mixed: limits.maxReviewSeconds } });
    // Three hours are not heard here: that it is asked is enough.
    const asked = reviews(just.sessionId, two, false);
    await ask(just.sessionId);
    await done(just);
    expect(asked).toHaveLength(1);
  });

  test("[R19] waits for a service that is busy, which is no try", async () => {
    const room = await finalized();
    const id = room.sessionId;
    const busy = { status: 503, headers: { "retry-after": "30" } };
    const heard = reviews(id, () => (heard.length < 15 ? new Response(null, busy) : Response.json({ segments: two })));
    await ask(id);
    await done(room);
    expect(heard).toHaveLength(15);
    // But not for ever.
    const never = reviews(id, () => new Response(null, busy));
    await ask(id);
    await room.wakeUntil("it was asked", async () => never.length > 0);
    clock.advance(86_400_000);
    await room.wakeUntil("it is given up", isAt(id, "failed"));
  });

  test("[R19] goes on after kills, counts them, and says nothing twice", async () => {
    const room = await finalized();
    const id = room.sessionId;
    const heard = reviews(id, () =>
      heard.length < 3 ? new Promise<Response>(() => {}) : Response.json({ segments: two }),
    );
    await ask(id);
    for (const kills of [1, 2]) {
      await room.wakeUntil("it is under way", async () => {
        // It ends with the room.
        room.wake().catch(() => undefined);
        await scheduler.wait(50);
        return heard.length >= kills;
      });
      await room.kill();
    }
    await done(room);
    expect(await room.rows("SELECT attempts FROM reviews")).toEqual([{ attempts: 3 }]);
    expect(await eventsOfType(id, "resolve.reviewed")).toHaveLength(1);
  });

  test("[R19] [A4] whose audio R2 does not give waits, and is given up where it is lost", async () => {
    const room = await finalized();
    const id = room.sessionId;
    const heard = reviews(id, two);
    await eventually("all is archived", async () => (await room.pending()) === 0);
    bucketFaults(id).failGets();
    await ask(id);
    await room.wake();
    expect(await reviewOf(id)).toBe("waiting");
    bucketFaults(id).heal();
    await bindings.RESULT_BUCKET.delete(room.key(6));
    recentChunks.forget("");
    expect(await givenUp(room)).toBe("its audio is lost in R2");
    expect(heard).toHaveLength(0);
  });

  test("[R19] [A4] whose audio R2 lacks for a moment is heard once it is back", async () => {
    const room = await finalized();
    const id = room.sessionId;
    const heard = reviews(id, two);
    await eventually("all is archived", async () => (await room.pending()) === 0);
    const key = room.key(6);
    const kept = await (await bindings.RESULT_BUCKET.get(key))?.arrayBuffer();
    await bindings.RESULT_BUCKET.delete(key);
    recentChunks.forget("");
    await ask(id);
    await room.wake();
    expect(await reviewOf(id)).toBe("waiting");
    await bindings.RESULT_BUCKET.put(key, kept ?? new ArrayBuffer(0));
    await done(room);
    expect(heard).toHaveLength(1);
  });

  test("[R19] [I3] of a session that is deleted meanwhile is ended, and leaves nothing", async () => {
    const room = await finalized();
    const id = room.sessionId;
    let hasEnded = false;
    const heard = reviews(id, (_, signal) => {
      signal.addEventListener("abort", () => (hasEnded = true));
      return new Promise<Response>(() => {});
    });
    await ask(id);
    const waking = room.wake();
    await eventually("it is under way", () => heard.length === 1);
    const deleting = send("DELETE", `/v1/sessions/${id}`);
    await eventually("the call is ended", () => hasEnded);
    await deleting;
    await waking;
    await room.wakeUntil("it is gone", async () => (await room.status()) === "deleted");
    expect((await get(id, "state")).status).toBe(410);
  });
});
