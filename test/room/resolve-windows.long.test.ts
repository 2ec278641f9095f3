import { describe, expect, test } from "vitest";
import type { ResolveRequest } from "../../schemas/speech/speakers.ts";
import { trackStatusSchema } from "../../schemas/wire/messages.ts";
import { hissOf, range, speechOf } from "./support/audio.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, eventsOfType, get, post } from "./support/http.ts";
import { inference, sameSpeaker, seqsIn } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const bySecond = new Map(range(1, 200).map((seq) => [speechOf(seq).toBase64(), seq]));
const seqsOf = (requests: readonly ResolveRequest[]): number[][] =>
  requests.map((request) => seqsIn(request, bySecond));

async function openAuto(config: object = {}): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  await createSession(room.sessionId, { resolve: { auto: true, ...config } });
  return room;
}

async function statusOf(sessionId: string, track = "mixed"): Promise<{ resolved_seq: number; failed_windows: number }> {
  const body = await (await get(sessionId, "state")).json<{ ingest_by_track: Record<string, unknown> }>();
  return trackStatusSchema.parse(body.ingest_by_track[track]);
}

function resolvedTo(sessionId: string, seq: number, track = "mixed"): Promise<void> {
  return eventually(
    `${track} is resolved to ${seq}`,
    async () => (await statusOf(sessionId, track)).resolved_seq === seq,
  );
}

describe("windows", () => {
  test("[R1] full windows are resolved by themselves, in order, each once; the events say where", async () => {
    const { sessionId } = await openAuto();
    const requests = inference(sessionId, (request) => Response.json(sameSpeaker(request)));
    const client = await Client.connect(sessionId);
    await client.keepAll(range(1, 11), speechOf);
    await resolvedTo(sessionId, 8);
    expect(seqsOf(requests)).toEqual([range(1, 4), range(5, 8)]);
    expect(await eventsOfType(sessionId, "speaker.resolved")).toMatchObject([
      { track: "mixed", from_seq: 1, to_seq: 4, cluster_id: "c1", by: "inference" },
      { track: "mixed", from_seq: 5, to_seq: 8, cluster_id: "c1", by: "inference" },
    ]);
  });

  test("[R1] with `end`, the short tail is resolved too", async () => {
    const { sessionId } = await openAuto();
    const requests = inference(sessionId, (request) => Response.json(sameSpeaker(request)));
    const client = await Client.connect(sessionId);
    await client.keepAll(range(1, 6), speechOf);
    client.send({ type: "end", last_seq: 6 });
    await client.nextOf("ended");
    await resolvedTo(sessionId, 6);
    expect(seqsOf(requests)).toEqual([range(1, 4), [5, 6]]);
  });

  test("[R2] segments become turns of their own, inside the window and on the track's timeline", async () => {
    const { sessionId } = await openAuto();
    const segments = [
      { start_ms: 200, end_ms: 1_500, cluster_id: "c1" },
      { start_ms: 1_500, end_ms: 99_000, cluster_id: "c2" },
      { start_ms: 99_000, end_ms: 99_500, cluster_id: "c1" },
    ];
    inference(sessionId, (request) => Response.json({ ...sameSpeaker(request), segments }));
    const client = await Client.connect(sessionId, { track: "mic" });
    await client.keepAll(range(1, 8), speechOf);
    await resolvedTo(sessionId, 8, "mic");
    const turns = (await eventsOfType(sessionId, "speaker.resolved")).slice(2);
    expect(turns).toMatchObject([
      { from_seq: 5, to_seq: 8, start_ms: 4_200, end_ms: 5_500, cluster_id: "c1" },
      { from_seq: 5, to_seq: 8, start_ms: 5_500, end_ms: 8_000, cluster_id: "c2" },
    ]);
  });

  test("[R3] silent windows are passed over without a call", async () => {
    const { sessionId } = await openAuto();
    const requests = inference(sessionId, (request) => Response.json(sameSpeaker(request)));
    const client = await Client.connect(sessionId);
    await client.keepAll(range(1, 4), () => new Uint8Array(32_000));
    await client.keepAll(range(5, 8), hissOf);
    await client.keepAll(range(9, 12), speechOf);
    await resolvedTo(sessionId, 12);
    expect(seqsOf(requests)).toEqual([range(9, 12)]);
    expect(await eventsOfType(sessionId, "speaker.resolved")).toHaveLength(1);
  });

  test("[R4] a gap is waited for, then resolved with silence; filled later, its window is resolved again", async () => {
    const { sessionId } = await openAuto();
    const requests = inference(sessionId, (request) => Response.json(sameSpeaker(request)));
    const client = await Client.connect(sessionId);
    await client.keepAll([1, 2, 4, 5, 6, 7, 8, 9, 10, 11], speechOf);
    expect((await statusOf(sessionId)).resolved_seq).toBe(0);
    await client.keep(12, speechOf(12));
    await resolvedTo(sessionId, 12);
    expect(seqsOf(requests)).toEqual([[1, 2, 0, 4], range(5, 8), range(9, 12)]);
    await client.keep(3, speechOf(3));
    await eventually("the window is resolved again", () => requests.length === 4);
    expect(seqsOf(requests).at(-1)).toEqual(range(1, 4));
    await resolvedTo(sessionId, 12);
    const [first, , third, again] = await eventsOfType(sessionId, "speaker.resolved");
    expect(again).toMatchObject({ from_seq: 1, to_seq: 4, replaces: third?.event_id });
    expect(first?.replaces).toBeUndefined();
  });

  test("[R4] a gap of a day is stepped over at once", async () => {
    const { sessionId } = await openAuto();
    const requests = inference(sessionId, (request) => Response.json(sameSpeaker(request)));
    const client = await Client.connect(sessionId);
    await client.keepAll(range(1, 4), speechOf);
    await client.keepAll(range(86_401, 86_404), (seq) => speechOf(seq - 86_300));
    await resolvedTo(sessionId, 86_404);
    expect(requests).toHaveLength(2);
  });

  test("[R1] tracks take turns by time, one call at a time", async () => {
    const { sessionId } = await openAuto({ window_chunks: 2 });
    let under = 0;
    let most = 0;
    const requests = inference(sessionId, async (request) => {
      under += 1;
      most = Math.max(most, under);
      await scheduler.wait(5);
      under -= 1;
      return Response.json(sameSpeaker(request));
    });
    const a = await Client.connect(sessionId, { track: "a" });
    const b = await Client.connect(sessionId, { track: "b" });
    await Promise.all([a.keepAll(range(1, 6), speechOf), b.keepAll(range(1, 6), (seq) => speechOf(seq + 100))]);
    await resolvedTo(sessionId, 6, "a");
    await resolvedTo(sessionId, 6, "b");
    expect(most).toBe(1);
    expect(requests).toHaveLength(6);
  });
});

describe("faults", () => {
  test("[R5] evicted or killed in the middle of calls: no window is skipped, none counts twice", async () => {
    const room = await openAuto({ window_chunks: 2 });
    const { sessionId } = room;
    let calls = 0;
    inference(sessionId, async (request) => {
      calls += 1;
      if (calls % 3 === 1) await scheduler.wait(20);
      return Response.json(sameSpeaker(request));
    });
    for (let from = 1; from <= 24; from += 4) {
      const client = await Client.connect(sessionId);
      await client.keepAll(range(from, from + 3), speechOf);
      if (from % 8 === 1) await room.kill();
      else await room.evict();
    }
    await room.wakeUntil("all is resolved", async () => (await statusOf(sessionId)).resolved_seq === 24);
    const windows = (await eventsOfType(sessionId, "speaker.resolved")).map(({ from_seq }) => from_seq);
    expect(windows).toEqual(range(0, 11).map((n) => n * 2 + 1));
  });

  test("[R6] the service is down for an hour: acks go on; then every window is resolved, once, in order", async () => {
    const room = await openAuto();
    const { sessionId } = room;
    let isUp = false;
    const seen: number[][] = [];
    inference(sessionId, (request) => {
      if (!isUp) return new Response("down", { status: 503 });
      seen.push(seqsIn(request, bySecond));
      return Response.json(sameSpeaker(request));
    });
    const client = await Client.connect(sessionId);
    const start = clock.now();
    for (let from = 1; from <= 40; from += 4) {
      await client.keepAll(range(from, from + 3), speechOf);
      await room.wake();
    }
    while (clock.now() < start + 3_600_000) {
      clock.advance(60_000);
      await room.wake();
    }
    expect((await statusOf(sessionId)).resolved_seq).toBe(0);
    isUp = true;
    await room.wakeUntil("all is resolved", async () => {
      await eventually("it moves", async () => (await statusOf(sessionId)).resolved_seq === 40, 500).catch(() => {});
      return (await statusOf(sessionId)).resolved_seq === 40;
    });
    expect(seen).toEqual(range(0, 9).map((n) => range(n * 4 + 1, n * 4 + 4)));
    expect(await eventsOfType(sessionId, "resolve.failed")).toEqual([]);
  });

  test("[R7] one window that the service can't take is given up, on the record, and can be tried again", async () => {
    const room = await openAuto();
    const { sessionId } = room;
    let isMended = false;
    inference(sessionId, (request) => {
      const isPoison = seqsIn(request, bySecond).includes(5);
      return isPoison && !isMended ? new Response("boom", { status: 500 }) : Response.json(sameSpeaker(request));
    });
    const client = await Client.connect(sessionId);
    await client.keepAll(range(1, 12), speechOf);
    await resolvedTo(sessionId, 4);
    await room.wakeUntil("the rest is resolved", async () => {
      await scheduler.wait(20);
      return (await statusOf(sessionId)).resolved_seq === 12;
    });
    expect(await statusOf(sessionId)).toMatchObject({ resolved_seq: 12, failed_windows: 1 });
    expect(await eventsOfType(sessionId, "resolve.failed")).toMatchObject([
      { track: "mixed", from_seq: 5, to_seq: 8, by: "room", detail: "the service answered 500" },
    ]);
    isMended = true;
    expect(await (await post(sessionId, "resolve/retry", {})).json()).toEqual({ reopened_windows: 1 });
    await eventually("it is resolved", async () => (await eventsOfType(sessionId, "speaker.resolved")).length === 3);
    expect(await statusOf(sessionId)).toMatchObject({ resolved_seq: 12, failed_windows: 0 });
  });

  test("[R6] R2 can't give a window's audio: it waits, and is resolved when R2 is back", async () => {
    const room = await openAuto();
    const { sessionId } = room;
    let isUp = false;
    const requests = inference(sessionId, (request) =>
      isUp ? Response.json(sameSpeaker(request)) : new Response(null, { status: 503 }),
    );
    const client = await Client.connect(sessionId);
    await client.keepAll(range(1, 4), speechOf);
    await room.wakeUntil("all is archived", async () => (await room.pending()) === 0);
    isUp = true;
    bucketFaults(sessionId).failGets();
    const before = requests.length;
    for (const _ of range(1, 4)) {
      clock.advance(120_000);
      await room.wake();
    }
    expect(requests.length).toBe(before);
    bucketFaults(sessionId).heal();
    await room.wakeUntil("it is resolved", async () => {
      await scheduler.wait(20);
      return (await statusOf(sessionId)).resolved_seq === 4;
    });
    expect(seqsOf(requests).at(-1)).toEqual(range(1, 4));
  });

  test("[F1] finalize resolves what is left: tails and windows with gaps", async () => {
    const { sessionId } = await openAuto();
    const requests = inference(sessionId, (request) => Response.json(sameSpeaker(request)));
    const client = await Client.connect(sessionId);
    await client.keepAll([1, 2, 4, 5, 6], speechOf);
    expect((await post(sessionId, "finalize")).status).toBe(200);
    expect(seqsOf(requests)).toEqual([
      [1, 2, 0, 4],
      [5, 6],
    ]);
  });

  test("[F1] the service stays down: finalize gives up after a while, on the record, and is done", async () => {
    const room = await openAuto();
    const { sessionId } = room;
    inference(sessionId, () => new Response(null, { status: 503 }));
    const client = await Client.connect(sessionId);
    await client.keepAll(range(1, 10), speechOf);
    const finalized = post(sessionId, "finalize");
    await room.wakeUntil("it is finalized", async () => {
      await scheduler.wait(20);
      return (await get(sessionId, "result")).status === 200;
    });
    expect((await finalized).status).toBeLessThan(300);
    expect(await eventsOfType(sessionId, "resolve.failed")).toMatchObject([{ from_seq: 1, to_seq: 10 }]);
    const result = await (await get(sessionId, "result")).json();
    expect(result).toMatchObject({ ingest: { failed_windows: 3, resolved_seq: 10 } });
  });
});

test("[S1] resolves by hand and automatic ones at once lose no update", async () => {
  const { sessionId } = await openAuto({ window_chunks: 1 });
  const sent: number[] = [];
  inference(sessionId, async (request) => {
    sent.push(request.state.clusters.length);
    await scheduler.wait(3);
    const cluster_id = `c${request.state.clusters.length + 1}`;
    const clusters = [...request.state.clusters, { cluster_id, centroid: [1], sample_count: 1 }];
    return Response.json({ ...sameSpeaker(request), cluster_id, updated_state: { ...request.state, clusters } });
  });
  const client = await Client.connect(sessionId);
  const byHand = range(1, 5).map(() =>
    post(sessionId, "resolve", { audio: { content_b64: "AAAA", format: "pcm_s16le" } }),
  );
  await client.keepAll(range(1, 10), speechOf);
  for (const answer of await Promise.all(byHand)) expect(answer.status).toBe(200);
  await resolvedTo(sessionId, 10);
  expect(sent).toEqual(range(0, 14));
});

test("[R8] utterances posted before their window go along with it, and so does the roster", async () => {
  const { sessionId } = await openAuto();
  await post(sessionId, "utterances", {
    utterances: [
      { text: "hello", start_ms: 500, end_ms: 1_500 },
      { text: "later", start_ms: 3_500, end_ms: 5_500 },
      { text: "elsewhere", start_ms: 500, end_ms: 1_500, track: "mic" },
    ],
  }).then((answer) => expect(answer.status).toBe(200));
  const requests = inference(sessionId, (request) => Response.json(sameSpeaker(request)));
  const client = await Client.connect(sessionId);
  await client.keepAll(range(1, 8), speechOf);
  await resolvedTo(sessionId, 8);
  expect(requests.map(({ asr_text }) => asr_text)).toEqual(["hello", "later"]);
});
