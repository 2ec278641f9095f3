import { describe, expect, test } from "vitest";
import { correctionAnswerSchema } from "../../schemas/http/corrections.ts";
import { sessionStateSchema } from "../../schemas/http/sessions.ts";
import { sessionResultSchema } from "../../schemas/http/result.ts";
import type { RoomEvent } from "../../schemas/speech/events.ts";
import type { ResolveAnswer, ResolveRequest, SpeakerState } from "../../schemas/speech/speakers.ts";
import { range, speechOf } from "./support/audio.ts";
import { gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, eventsOfType, get, post, resolve, send } from "./support/http.ts";
import { inference, sameSpeaker } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

type Answer = Partial<ResolveAnswer>;
type Clusters = SpeakerState["clusters"];

async function stateOf(sessionId: string): Promise<SpeakerState> {
  return sessionStateSchema.parse(await (await get(sessionId, "state")).json()).state;
}

const namesOf = async (id: string): Promise<Record<string, string>> => (await stateOf(id)).bindings;
const idsOf = async (id: string): Promise<string[]> => (await stateOf(id)).clusters.map(({ cluster_id }) => cluster_id);
const cluster = (cluster_id: string, centroid = [1, 0], sample_count = 1): Clusters[number] => ({
  cluster_id,
  centroid,
  sample_count,
});

/** Lets the service give this answer to one resolve by hand. @returns the state that it was sent. */
async function answering(id: string, answer: (request: ResolveRequest) => Answer = () => ({})): Promise<SpeakerState> {
  const requests = inference(id, (request) => Response.json({ ...sameSpeaker(request), ...answer(request) }));
  expect((await resolve(id)).status).toBe(200);
  return requests[0]?.state ?? { clusters: [], bindings: {}, config: {} };
}

/** A session with clusters c1, c2 and c3: c`n` has `n` samples and centroid [n, 2n]. */
async function withClusters(bindings: Record<string, string> = {}): Promise<string> {
  const id = newSession();
  const clusters = range(1, 3).map((n) => cluster(`c${n}`, [n, n * 2], n));
  for (const { cluster_id } of clusters) {
    await answering(id, () => ({ cluster_id, updated_state: { clusters, bindings, config: {} } }));
  }
  return id;
}

/** What the service is sent of each cluster. */
async function known(id: string): Promise<Record<string, { centroid: number[]; sample_count: number }>> {
  const { clusters } = await answering(id, ({ state }) => ({ updated_state: state }));
  return Object.fromEntries(
    clusters.map(({ cluster_id, centroid, sample_count }) => [cluster_id, { centroid, sample_count }]),
  );
}

const bind = (id: string, cluster_id: string, name: string): Promise<Response> =>
  send("PUT", `/v1/sessions/${id}/bindings/${cluster_id}`, { name });
const merge = (id: string, from: string, into: string): Promise<Response> =>
  post(id, `clusters/${from}/merge`, { into });
const judge = (id: string, turn: number, body: object): Promise<Response> =>
  send("PATCH", `/v1/sessions/${id}/turns/${turn}`, body);
const setOrigin = (id: string, origin_ms: number | null): Promise<Response> =>
  send("PUT", `/v1/sessions/${id}/tracks/mic/origin`, { origin_ms });

async function said(answer: Promise<Response>): Promise<RoomEvent[]> {
  const response = await answer;
  expect(response.status).toBe(200);
  return correctionAnswerSchema.parse(await response.json()).events;
}
const undo = (id: string, eventId: number | undefined): Promise<RoomEvent[]> =>
  said(post(id, `events/${eventId}/undo`));
const idOf = async (answer: Promise<Response>): Promise<number | undefined> => (await said(answer))[0]?.event_id;

const before = { c1: { centroid: [1, 2], sample_count: 1 }, c2: { centroid: [2, 4], sample_count: 2 } };

/** The service joins c2 and c1. */
const joining = (request: ResolveRequest): Answer => ({
  cluster_id: "c1",
  merges: [{ from_cluster_id: "c2", into_cluster_id: "c1" }],
  updated_state: { ...request.state, clusters: [cluster("c1", [5, 5], 6), cluster("c3", [3, 6], 3)] },
});

describe("an undone merge", () => {
  test("[S7] gives back both speakers, their names, their turns and what the resolver knew of them; once", async () => {
    const id = await withClusters();
    await bind(id, "c1", "Ada");
    await bind(id, "c2", "Bob");
    const merged = await idOf(merge(id, "c2", "c1"));
    expect(await namesOf(id)).toEqual({ c1: "Ada" });
    const headers = { upgrade: "websocket", "sec-websocket-protocol": "roomtone.v1.json" };
    const watcher = await Client.over(await gateway(`/v1/sessions/${id}/live?after=${merged}`, { headers }), id);
    expect(await undo(id, merged)).toMatchObject([{ type: "speaker.undone", undoes: merged, by: "person" }]);
    expect(await watcher.nextOf("event")).toMatchObject({ event: { type: "speaker.undone", undoes: merged } });
    expect(await undo(id, merged)).toEqual([]);
    expect(await namesOf(id)).toEqual({ c1: "Ada", c2: "Bob" });
    expect(await idsOf(id)).toEqual(["c1", "c3", "c2"]);
    expect(await known(id)).toMatchObject(before);
  });

  test("[S7] leaves what was said since then: a name, another merge, a moved turn", async () => {
    const id = await withClusters();
    const merged = await idOf(merge(id, "c2", "c1"));
    await bind(id, "c2", "Grace");
    await merge(id, "c3", "c2");
    const [turn] = await eventsOfType(id, "speaker.resolved");
    await judge(id, turn?.event_id ?? 0, { cluster_id: null });
    await undo(id, merged);
    expect(await namesOf(id)).toEqual({ c1: "Grace" });
    expect(await idsOf(id)).toEqual(["c1", "c2", "p1"]);
    // c3 is still a part of c1.
    expect(await known(id)).toEqual({ c1: { centroid: [2.5, 5], sample_count: 4 }, c2: before.c2 });
  });

  test("[S7] in the middle of a chain of merges parts that one alone", async () => {
    const id = await withClusters();
    const first = await idOf(merge(id, "c1", "c2"));
    const second = await idOf(merge(id, "c2", "c3"));
    await undo(id, first);
    expect(await known(id)).toEqual({ c3: { centroid: [2.6, 5.2], sample_count: 5 }, c1: before.c1 });
    await undo(id, second);
    expect(await known(id)).toMatchObject({ ...before, c3: { centroid: [3, 6], sample_count: 3 } });
  });

  test("[S7] seconds that were resolved meanwhile stay with the speaker that went on, and move no centroid", async () => {
    const id = await withClusters();
    const merged = await idOf(merge(id, "c2", "c1"));
    const grown = [cluster("c1", [9, 9], 13), cluster("c3", [3, 6], 3)];
    await answering(id, ({ state }) => ({ cluster_id: "c1", updated_state: { ...state, clusters: grown } }));
    await undo(id, merged);
    expect(await known(id)).toMatchObject({ c1: { centroid: [1, 2], sample_count: 11 }, c2: before.c2 });
    expect((await eventsOfType(id, "speaker.resolved")).at(-2)?.cluster_id).toBe("c1");
  });

  test("[S7] said while a resolve is under way, is not lost to its answer", async () => {
    const id = await withClusters();
    const merged = await idOf(merge(id, "c2", "c1"));
    const held = Promise.withResolvers<void>();
    const requests = inference(id, async (request) => {
      await held.promise;
      const clusters = request.state.clusters.map((own) => ({ ...own, centroid: [7, 7], sample_count: 50 }));
      return Response.json({ ...sameSpeaker(request), updated_state: { ...request.state, clusters } });
    });
    const answer = resolve(id);
    await eventually("the call is at the service", () => requests.length === 1);
    await undo(id, merged);
    held.resolve();
    expect((await answer).status).toBe(200);
    expect(await known(id)).toMatchObject({ ...before, c3: { centroid: [7, 7], sample_count: 50 } });
  });

  test("[S7] by inference is undone as well, and inference does not make it again", async () => {
    const id = await withClusters();
    await answering(id, joining);
    const [merged] = await eventsOfType(id, "speaker.merged");
    await undo(id, merged?.event_id);
    expect(await known(id)).toMatchObject({ c1: { centroid: [1, 2] }, c2: before.c2 });
    await answering(id, joining);
    expect(await eventsOfType(id, "speaker.merged")).toHaveLength(1);
    expect(await known(id)).toMatchObject({ c1: { centroid: [1, 2] }, c2: before.c2 });
    // People may.
    expect(await said(merge(id, "c2", "c1"))).toHaveLength(1);
  });

  test("[S7] an undo can be undone, and that too", async () => {
    const id = await withClusters();
    await bind(id, "c2", "Bob");
    const merged = await idOf(merge(id, "c2", "c1"));
    const joined = await known(id);
    const [undone] = await undo(id, merged);
    const [redone] = await undo(id, undone?.event_id);
    expect(redone).toMatchObject({ type: "speaker.undone", undoes: undone?.event_id });
    expect(await namesOf(id)).toEqual({ c1: "Bob" });
    expect(await known(id)).toEqual(joined);
    expect(await undo(id, undone?.event_id)).toEqual([]);
    await undo(id, redone?.event_id);
    expect(await namesOf(id)).toEqual({ c2: "Bob" });
    expect(await known(id)).toMatchObject(before);
    expect(await undo(id, redone?.event_id)).toEqual([]);
  });

  test("[S7] holds through eviction and kills; a room that kept nothing of it parts names and turns all the same", async () => {
    const room = new RoomUnderTest(await withClusters({ c2: "Bob" }));
    const id = room.sessionId;
    const merged = await idOf(merge(id, "c2", "c1"));
    await room.inside((storage) => storage.sql.exec("DELETE FROM merges"));
    await room.evict();
    await undo(id, merged);
    await room.kill();
    expect(await idsOf(id)).toEqual(["c1", "c3", "c2"]);
    expect(await namesOf(id)).toEqual({ c2: "Bob" });
    // The service gets no cluster that it could not compare with, and its next new one is another.
    expect(Object.keys(await known(id))).toEqual(["c1", "c3"]);
    await answering(id, ({ state }) => ({
      cluster_id: "c2",
      updated_state: { ...state, clusters: [...state.clusters, cluster("c2")] },
    }));
    expect(await idsOf(id)).toEqual(["c1", "c3", "r2", "c2"]);
  });
});

describe("an undone correction", () => {
  test("[S7] gives back the name before: another person's word, inference's, or none", async () => {
    const id = await withClusters({ c1: "Bob" });
    const ada = await idOf(bind(id, "c1", "Ada"));
    const eve = await idOf(bind(id, "c1", "Eve"));
    await undo(id, eve);
    expect(await namesOf(id)).toEqual({ c1: "Ada" });
    await undo(id, ada);
    expect(await namesOf(id)).toEqual({ c1: "Bob" });
    const taken = await idOf(send("DELETE", `/v1/sessions/${id}/bindings/c1`));
    await undo(id, taken);
    expect(await namesOf(id)).toEqual({ c1: "Bob" });
    const [byInference] = await eventsOfType(id, "speaker.bound");
    await undo(id, byInference?.event_id);
    expect(await namesOf(id)).toEqual({});
    const named = { clusters: [cluster("c1"), cluster("c2"), cluster("c3")], bindings: {}, config: {} };
    await answering(id, () => ({ updated_state: named }));
    await answering(id, () => ({ updated_state: { ...named, bindings: { c1: "Bob" } } }));
    expect(await namesOf(id)).toEqual({});
  });

  test("[S7] asks a suggestion again that was confirmed or refused by mistake", async () => {
    const id = await withClusters();
    await answering(id, ({ state }) => ({
      cluster_id: "c2",
      speaker_name: "Bob",
      decision: "confirm",
      updated_state: state,
    }));
    const turn = (await eventsOfType(id, "speaker.resolved")).at(-1)?.event_id ?? 0;
    const confirmed = await idOf(judge(id, turn, { suggestion: "confirmed" }));
    await undo(id, confirmed);
    expect(await namesOf(id)).toEqual({});
    const refused = await idOf(judge(id, turn, { suggestion: "refused" }));
    await undo(id, refused);
    expect(await said(judge(id, turn, { suggestion: "confirmed" }))).toHaveLength(1);
    expect(await namesOf(id)).toEqual({ c2: "Bob" });
  });

  test("[S7] puts a turn back where it was; the speaker that it was split off to is no more, and keeps its id", async () => {
    const id = await withClusters();
    const turn = (await eventsOfType(id, "speaker.resolved"))[0]?.event_id ?? 0;
    const split = await idOf(judge(id, turn, { cluster_id: null }));
    expect(await idsOf(id)).toEqual(["c1", "c2", "c3", "p1"]);
    const [undone] = await undo(id, split);
    expect(await idsOf(id)).toEqual(["c1", "c2", "c3"]);
    expect((await said(judge(id, turn, { cluster_id: null })))[0]?.cluster_id).toBe("p2");
    await undo(id, undone?.event_id);
    expect(await idsOf(id)).toContain("p2");
  });

  test("[S7] lets a track begin where it was said before, else where the room made it begin", async () => {
    const id = newSession();
    inference(id, (request) => Response.json(sameSpeaker(request)));
    await (await Client.connect(id, { track: "mic" })).keepAll([1], speechOf);
    const originOf = async (): Promise<unknown> =>
      sessionStateSchema.parse(await (await get(id, "state")).json()).ingest_by_track["mic"];
    const atFirst = await originOf();
    const [five, six] = [await idOf(setOrigin(id, 5)), await idOf(setOrigin(id, 6))];
    const [undone] = await undo(id, six);
    expect(undone).toMatchObject({ type: "track.origin", track: "mic", origin_ms: 5, undoes: six });
    expect(await undo(id, six)).toEqual([]);
    await undo(id, undone?.event_id);
    expect(await originOf()).toMatchObject({ origin_ms: 6, origin_source: "set" });
    await undo(id, five);
    expect(await originOf()).toMatchObject({ origin_ms: 6, origin_source: "set" });
    await undo(
      id,
      (await eventsOfType(id, "track.origin")).findLast(({ undoes }) => undoes === undone?.event_id)?.event_id,
    );
    const { origin_ms, origin_source } = atFirst as { origin_ms: number; origin_source: string };
    expect(await originOf()).toMatchObject({ origin_ms, origin_source });
  });

  test("[S7] after finalize is in the next version of the result; the one before stays", async () => {
    const id = newSession();
    await createSession(id, { resolve: { auto: true } });
    inference(id, (request) => {
      const clusters = [cluster("c1"), cluster("c2", [0, 1])];
      const segments = [
        { start_ms: 0, end_ms: 2_000, cluster_id: "c1" },
        { start_ms: 2_000, end_ms: 4_000, cluster_id: "c2" },
      ];
      return Response.json({ ...sameSpeaker(request), segments, updated_state: { ...request.state, clusters } });
    });
    await (await Client.connect(id)).keepAll(range(1, 4), speechOf);
    await merge(id, "c2", "c1");
    expect((await post(id, "finalize")).status).toBe(200);
    const [merged] = await eventsOfType(id, "speaker.merged");
    await undo(id, merged?.event_id);
    clock.advance(3_001);
    const isMade = async (): Promise<boolean> => (await eventsOfType(id, "result.revised")).length === 1;
    await new RoomUnderTest(id).wakeUntil("the next version is made", isMade);
    const result = sessionResultSchema.parse(await (await get(id, "result")).json());
    expect(result).toMatchObject({ version: 2, made_by: ["corrections"], supersedes: 1 });
    expect(result.timeline.map(({ cluster_id }) => cluster_id)).toEqual(["c1", "c2"]);
    const first = sessionResultSchema.parse(await (await get(id, "result?version=1")).json());
    expect(first.timeline.map(({ cluster_id }) => cluster_id)).toEqual(["c1"]);
  });
});

const refusals: readonly [string, (id: string) => Promise<Response>, number, string][] = [
  ["an event that is not there", (id) => post(id, "events/99/undo"), 404, "event_not_found"],
  ["an event whose id is no number", (id) => post(id, "events/x/undo"), 404, "event_not_found"],
  ["an event that says nothing of a speaker or an origin", (id) => post(id, "events/1/undo"), 409, "not_undoable"],
  ["a session that is not there", () => post(newSession(), "events/1/undo"), 404, "session_not_found"],
];
test.for(refusals)("[S7] %s is refused and changes nothing", async ([, act, status, code]) => {
  const room = new RoomUnderTest(await withClusters());
  const dump = await room.dump();
  const answer = await act(room.sessionId);
  expect([answer.status, (await answer.json<{ code: string }>()).code]).toEqual([status, code]);
  expect(await room.dump()).toEqual(dump);
});
