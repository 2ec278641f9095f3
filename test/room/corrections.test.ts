import { describe, expect, test } from "vitest";
import { correctionAnswerSchema } from "../../schemas/http/corrections.ts";
import { sessionStateSchema } from "../../schemas/http/sessions.ts";
import { viewOf } from "../../schemas/speech/speaker-view.ts";
import type { ResolveAnswer, ResolveRequest, SpeakerState } from "../../schemas/speech/speakers.ts";
import { timelineOf } from "../../schemas/speech/timeline.ts";
import { range, speechOf } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { createSession, eventsOf, eventsOfType, get, post, resolve, send } from "./support/http.ts";
import { inference, sameSpeaker } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

type Answer = Partial<ResolveAnswer>;

async function stateOf(sessionId: string): Promise<SpeakerState> {
  return sessionStateSchema.parse(await (await get(sessionId, "state?include=centroids")).json()).state;
}

const cluster = (cluster_id: string, centroid = [1, 0], sample_count = 1): SpeakerState["clusters"][number] => ({
  cluster_id,
  centroid,
  sample_count,
});

/** A session with clusters c1, c2 and c3, one turn each; no turn has a place on a track. */
async function withClusters(names: Record<string, string> = {}): Promise<string> {
  const sessionId = newSession();
  for (const n of [1, 2, 3]) {
    const clusters = range(1, n).map((i) => cluster(`c${i}`, [i, i * 2], i));
    await answering(sessionId, { cluster_id: `c${n}`, updated_state: { clusters, bindings: names, config: {} } });
  }
  return sessionId;
}

/** Lets the service give this answer to one resolve by hand. */
async function answering(sessionId: string, answer: Answer | ((request: ResolveRequest) => Answer)): Promise<unknown> {
  inference(sessionId, (request) =>
    Response.json({ ...sameSpeaker(request), ...(typeof answer === "function" ? answer(request) : answer) }),
  );
  const response = await resolve(sessionId);
  expect(response.status).toBe(200);
  return response.json();
}

const bind = (sessionId: string, id: string, name: unknown): Promise<Response> =>
  send("PUT", `/v1/sessions/${sessionId}/bindings/${id}`, { name });
const unbind = (sessionId: string, id: string): Promise<Response> =>
  send("DELETE", `/v1/sessions/${sessionId}/bindings/${id}`);
const merge = (sessionId: string, from: string, into: string): Promise<Response> =>
  post(sessionId, `clusters/${from}/merge`, { into });
const judge = (sessionId: string, eventId: number, body: object): Promise<Response> =>
  send("PATCH", `/v1/sessions/${sessionId}/turns/${eventId}`, body);

async function eventsIn(answer: Response): Promise<unknown[]> {
  expect(answer.status).toBe(200);
  return correctionAnswerSchema.parse(await answer.json()).events;
}

describe("a person's word", () => {
  test("[S4] binds a name, once, by whatever id the cluster had", async () => {
    const id = await withClusters();
    expect(await eventsIn(await bind(id, "c1", "Ada"))).toMatchObject([
      { type: "speaker.bound", cluster_id: "c1", speaker_name: "Ada", by: "person" },
    ]);
    expect(await eventsIn(await bind(id, "c1", "Ada"))).toEqual([]);
    expect((await stateOf(id)).bindings).toEqual({ c1: "Ada" });
    await merge(id, "c1", "c2");
    expect(await eventsIn(await bind(id, "c1", "Ada L."))).toMatchObject([{ cluster_id: "c2" }]);
    expect((await stateOf(id)).bindings).toEqual({ c2: "Ada L." });
  });

  test("[S4] outlives what inference says later: another name, no name, a forgotten cluster", async () => {
    const id = await withClusters();
    await bind(id, "c1", "Ada");
    const others = { clusters: [cluster("c1"), cluster("c2")], config: {} };
    await answering(id, { updated_state: { ...others, bindings: { c1: "Bob" } } });
    expect((await stateOf(id)).bindings).toEqual({ c1: "Ada" });
    await answering(id, { updated_state: { ...others, bindings: {} } });
    expect((await stateOf(id)).bindings).toEqual({ c1: "Ada" });
    await answering(id, { cluster_id: "c2", updated_state: { clusters: [cluster("c2")], bindings: {}, config: {} } });
    const state = await stateOf(id);
    expect(state.bindings).toEqual({ c1: "Ada" });
    expect(state.clusters.map(({ cluster_id }) => cluster_id)).toEqual(["c2", "c1"]);
    expect((await eventsOfType(id, "speaker.bound")).map(({ by }) => by)).toEqual(["person"]);
  });

  test("[S4] said while a resolve is under way, it is not lost to the answer", async () => {
    const id = await withClusters();
    const held = Promise.withResolvers<void>();
    const requests = inference(id, async (request) => {
      await held.promise;
      const updated_state = { ...request.state, bindings: { c1: "Bob" } };
      return Response.json({ ...sameSpeaker(request), updated_state });
    });
    const answer = resolve(id);
    await eventually("the call is at the service", () => requests.length === 1);
    await bind(id, "c1", "Ada");
    await merge(id, "c3", "c1");
    held.resolve();
    expect((await answer).status).toBe(200);
    const state = await stateOf(id);
    expect(state.bindings).toEqual({ c1: "Ada" });
    expect(state.clusters.map(({ cluster_id }) => cluster_id)).toEqual(["c1", "c2"]);
  });

  test("[S4] a name that was taken away does not come back; another one may", async () => {
    const id = await withClusters({ c1: "Bob" });
    expect(await eventsIn(await unbind(id, "c1"))).toMatchObject([
      { type: "speaker.unbound", cluster_id: "c1", speaker_name: "Bob", by: "person" },
    ]);
    expect(await eventsIn(await unbind(id, "c1"))).toEqual([]);
    const clusters = [cluster("c1")];
    await answering(id, {
      speaker_name: "Bob",
      updated_state: { clusters, bindings: { c1: "Bob" }, config: {} },
    });
    expect((await stateOf(id)).bindings).toEqual({});
    expect((await eventsOfType(id, "speaker.resolved")).at(-1)?.speaker_name).toBeNull();
    await answering(id, { updated_state: { clusters, bindings: { c1: "Carl" }, config: {} } });
    expect((await stateOf(id)).bindings).toEqual({ c1: "Carl" });
  });

  test("[S4] merges clusters: one centroid, one name, and inference can't part or rejoin them against it", async () => {
    const id = await withClusters();
    await bind(id, "c3", "Ada");
    await bind(id, "c2", "Bob");
    expect(await eventsIn(await merge(id, "c1", "c3"))).toMatchObject([
      { type: "speaker.merged", cluster_id: "c1", into_cluster_id: "c3", by: "person" },
    ]);
    const state = await stateOf(id);
    expect(state.clusters.map(({ cluster_id, sample_count }) => [cluster_id, sample_count])).toEqual([
      ["c3", 4],
      ["c2", 2],
    ]);
    expect(state.clusters[0]?.centroid).toEqual([2.5, 5]);
    // The service joins two that people named differently: it does not happen.
    await answering(id, (request) => ({
      cluster_id: "c3",
      merges: [{ from_cluster_id: "c2", into_cluster_id: "c3" }],
      updated_state: { ...request.state, clusters: [cluster("c3", [9, 9], 6)] },
    }));
    expect((await stateOf(id)).bindings).toEqual({ c3: "Ada", c2: "Bob" });
    expect(await eventsOfType(id, "speaker.merged")).toHaveLength(1);
  });

  test("[S5] a new cluster with the id of a merged one gets another id", async () => {
    const id = await withClusters();
    await merge(id, "c3", "c1");
    await answering(id, (request) => ({
      cluster_id: "c3",
      updated_state: { ...request.state, clusters: [...request.state.clusters, cluster("c3", [7, 7])] },
    }));
    const state = await stateOf(id);
    expect(state.clusters.map(({ cluster_id }) => cluster_id)).toEqual(["c1", "c2", "r2"]);
    expect((await eventsOfType(id, "speaker.resolved")).at(-1)?.cluster_id).toBe("r2");
  });

  test("[S4] gives a turn to another cluster, or to a new one", async () => {
    const id = await withClusters();
    const [first] = await eventsOfType(id, "speaker.resolved");
    const turn = first?.event_id ?? 0;
    expect(await eventsIn(await judge(id, turn, { cluster_id: "c2" }))).toMatchObject([
      { type: "speaker.reassigned", turn_id: turn, cluster_id: "c2", by: "person" },
    ]);
    expect(await eventsIn(await judge(id, turn, { cluster_id: "c2" }))).toEqual([]);
    expect(await eventsIn(await judge(id, turn, { cluster_id: null }))).toMatchObject([{ cluster_id: "p1" }]);
    expect(await eventsIn(await bind(id, "p1", "Eve"))).toHaveLength(1);
    // The service never sees a cluster that it could not compare with.
    const requests = inference(id, (request) => Response.json(sameSpeaker(request)));
    await resolve(id);
    expect(requests[0]?.state.clusters.map(({ cluster_id }) => cluster_id)).toEqual(["c1", "c2", "c3"]);
    expect((await stateOf(id)).bindings).toEqual({ p1: "Eve" });
  });

  test("[S4] confirms or refuses a suggested name", async () => {
    const id = await withClusters();
    const suggest = (): Promise<unknown> =>
      answering(id, (request) => ({
        cluster_id: "c2",
        speaker_name: "Bob",
        decision: "confirm",
        updated_state: request.state,
      }));
    await suggest();
    const turn = (await eventsOfType(id, "speaker.resolved")).at(-1);
    expect(turn).toMatchObject({ speaker_name: "Bob", decision: "confirm" });
    const turnId = turn?.event_id ?? 0;
    expect(await eventsIn(await judge(id, turnId, { suggestion: "confirmed" }))).toMatchObject([
      { type: "speaker.bound", cluster_id: "c2", speaker_name: "Bob", turn_id: turnId, by: "person" },
    ]);
    await suggest();
    expect((await eventsOfType(id, "speaker.resolved")).at(-1)).toMatchObject({
      speaker_name: "Bob",
      decision: "auto",
    });
    await judge(id, turnId, { suggestion: "refused" });
    expect((await stateOf(id)).bindings).toEqual({});
    await suggest();
    expect((await eventsOfType(id, "speaker.resolved")).at(-1)?.speaker_name).toBeNull();
  });
});

test("[S1] the names in the state are those of the log, whatever the room went through", async () => {
  const room = new RoomUnderTest(await withClusters({ c2: "Bob" }));
  const id = room.sessionId;
  await bind(id, "c1", "Ada");
  await merge(id, "c3", "c1");
  await room.evict();
  await unbind(id, "c2");
  await room.kill();
  await bind(id, "c2", "Carl");
  const folded = viewOf(await eventsOf(id));
  expect((await stateOf(id)).bindings).toEqual(
    Object.fromEntries([...folded.bindings].map(([cluster_id, { name }]) => [cluster_id, name])),
  );
  expect([...folded.merged]).toEqual([["c3", "c1"]]);
});

const refusals: readonly [string, (id: string) => Promise<Response>, number, string][] = [
  ["a name of nobody", (id) => bind(id, "c1", "  "), 400, "bad_request"],
  ["a name that is a number", (id) => bind(id, "c1", 7), 400, "bad_request"],
  ["a cluster that is not there", (id) => bind(id, "c9", "Ada"), 404, "cluster_not_found"],
  ["a merge into nothing", (id) => merge(id, "c1", "c9"), 404, "cluster_not_found"],
  ["a merge with itself", (id) => merge(id, "c1", "c1"), 400, "bad_request"],
  ["a turn that is not there", (id) => judge(id, 99, { cluster_id: "c1" }), 404, "turn_not_found"],
  ["a turn whose id is no number", (id) => send("PATCH", `/v1/sessions/${id}/turns/x`, {}), 404, "turn_not_found"],
  [
    "both a cluster and a judgement",
    (id) => judge(id, 1, { cluster_id: "c1", suggestion: "refused" }),
    400,
    "bad_request",
  ],
  ["a judgement where no name was suggested", (id) => judge(id, 1, { suggestion: "refused" }), 400, "bad_request"],
  ["a session that is not there", () => bind(newSession(), "c1", "Ada"), 404, "session_not_found"],
];
test.for(refusals)("[S4] %s is refused and changes nothing", async ([, act, status, code]) => {
  const room = new RoomUnderTest(await withClusters());
  const before = await room.dump();
  const answer = await act(room.sessionId);
  expect([answer.status, (await answer.json<{ code: string }>()).code]).toEqual([status, code]);
  expect(await room.dump()).toEqual(before);
});

test("[F7] a finalized session's speakers go on being corrected, and no resolve by hand is taken", async () => {
  const id = await withClusters();
  await post(id, "finalize");
  expect(await eventsIn(await bind(id, "c1", "Ada"))).toMatchObject([{ type: "speaker.bound", by: "person" }]);
  expect((await stateOf(id)).bindings).toEqual({ c1: "Ada" });
  expect((await resolve(id)).status).toBe(409);
});

test("[S6] an introduction that comes while its window is away names the cluster that turns out to speak there", async () => {
  const sessionId = newSession();
  await createSession(sessionId, { resolve: { auto: true }, roster: [{ name: "Ada Lovelace" }] });
  const away = Promise.withResolvers<undefined>();
  const asked = inference(sessionId, async (request) => {
    await away.promise;
    const segments = [{ start_ms: 0, end_ms: 4_000, cluster_id: "c1" }];
    const updated_state = { ...request.state, clusters: [cluster("c1")] };
    return Response.json({ ...sameSpeaker(request), segments, updated_state });
  });
  const client = await Client.connect(sessionId);
  await client.keepAll(range(1, 4), speechOf);
  await eventually("it is asked", () => asked.length === 1);
  const utterance = { text: "hello, this is ada lovelace", start_ms: 500, end_ms: 3_500 };
  await post(sessionId, "utterances", { utterances: [utterance] });
  expect([asked[0]?.asr_text, (await stateOf(sessionId)).bindings]).toEqual([null, {}]);
  away.resolve(undefined);
  await eventually("it is resolved", async () => (await eventsOfType(sessionId, "speaker.resolved")).length === 1);
  expect((await stateOf(sessionId)).bindings).toEqual({ c1: "Ada Lovelace" });
});

test("[S6] a late introduction names the cluster that speaks there; a person's word stays", async () => {
  const sessionId = newSession();
  await createSession(sessionId, { resolve: { auto: true }, roster: [{ name: "Ada Lovelace" }, { name: "Bob" }] });
  inference(sessionId, (request) => {
    const segments = [
      { start_ms: 0, end_ms: 1_200, cluster_id: "c1" },
      { start_ms: 1_200, end_ms: 4_000, cluster_id: "c2" },
    ];
    const clusters = [cluster("c1"), cluster("c2")];
    return Response.json({ ...sameSpeaker(request), segments, updated_state: { ...request.state, clusters } });
  });
  const client = await Client.connect(sessionId);
  await client.keepAll(range(1, 4), speechOf);
  await eventually("it is resolved", async () => (await eventsOfType(sessionId, "speaker.resolved")).length === 2);
  const say = (text: string, start_ms: number, end_ms: number): Promise<Response> =>
    post(sessionId, "utterances", { utterances: [{ text, start_ms, end_ms }] });
  await bind(sessionId, "c1", "Zoe");
  await say("good morning, my name is Bob", 0, 1_000);
  await say("hello, this is ada lovelace", 1_300, 3_900);
  expect((await stateOf(sessionId)).bindings).toEqual({ c1: "Zoe", c2: "Ada Lovelace" });
  expect((await eventsOfType(sessionId, "speaker.bound")).at(-1)).toMatchObject({ by: "inference", decision: "auto" });
  expect(timelineOf(await eventsOf(sessionId)).map(({ start_ms, speaker_name }) => [start_ms, speaker_name])).toEqual([
    [0, "Zoe"],
    [1_200, "Ada Lovelace"],
  ]);
});
