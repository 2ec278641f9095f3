import { describe, expect, it } from "vitest";
import { limits } from "../../../schemas/limits.ts";
import { resolveAnswerSchema, type SpeakerState } from "../../../schemas/speech/speakers.ts";
import { handleResolve } from "../../../server/shared/diarizer/handle-resolve.ts";
import { emptyState, resolveBody } from "../../support/resolve-requests.ts";
import { excerpt, post, silence } from "./support/sounds.ts";

const alice = excerpt(0, 4);
const bob = excerpt(7, 11);
const roster = [{ name: "Alice" }, { name: "Bob" }];

async function resolved(samples: Int16Array, more: object = {}): Promise<ReturnType<typeof resolveAnswerSchema.parse>> {
  const { status, answer } = await post(resolveBody(samples, more));
  expect(status).toBe(200);
  return resolveAnswerSchema.parse(answer);
}

describe("the contract", () => {
  it("answers with a state that goes in again, and segments inside the audio", async () => {
    const first = await resolved(alice);
    expect(first).toMatchObject({ cluster_id: "speaker_1", speaker_name: null, decision: "confirm", merges: [] });
    expect(first["segments"]).toMatchObject([{ cluster_id: "speaker_1", end_ms: 4_000 }]);
    const again = await resolved(excerpt(19, 23), { state: first.updated_state });
    expect(again.cluster_id).toBe("speaker_1");
    const other = await resolved(bob, { state: again.updated_state });
    expect(other.cluster_id).toBe("speaker_2");
    expect(other.updated_state.clusters).toHaveLength(2);
    expect(other.evidence).toMatchObject({ segment_count: 1, threshold_low: 0.5 });
  });

  it("cuts where the speaker changes", async () => {
    // Alice until 6.16 s, Bob from 6.56 s.
    const { answer } = await post(resolveBody(excerpt(4.4, 8.4)));
    const segments = answer["segments"] as { start_ms: number; end_ms: number; cluster_id: string }[];
    expect(segments).toHaveLength(2);
    expect(Math.abs((segments[0]?.end_ms ?? 0) - 1_760)).toBeLessThan(250);
    expect(Math.abs((segments[1]?.start_ms ?? 0) - 2_160)).toBeLessThan(250);
  });

  it("says who spoke last where nobody speaks, and nobody where nobody has", async () => {
    expect(await resolved(silence(4))).toMatchObject({ cluster_id: "none", decision: "unknown", segments: [] });
    const { updated_state: state } = await resolved(alice);
    expect(await resolved(silence(4), { state })).toMatchObject({
      cluster_id: "speaker_1",
      decision: "unknown",
      segments: [],
    });
  });

  it("forgets who spoke last when a person took the cluster away", async () => {
    const { updated_state: state } = await resolved(alice);
    expect(await resolved(silence(4), { state: { ...state, clusters: [] } })).toMatchObject({ cluster_id: "none" });
  });

  it("takes 90 s at once, in order and without overlap", async () => {
    const { answer } = await post(resolveBody(excerpt(0, 70)));
    const segments = answer["segments"] as { start_ms: number; end_ms: number; cluster_id: string }[];
    expect(new Set(segments.map(({ cluster_id }) => cluster_id)).size).toBe(3);
    segments.forEach((segment, i) => {
      expect(segment.start_ms).toBeLessThan(segment.end_ms);
      expect(segment.start_ms).toBeGreaterThanOrEqual(segments[i - 1]?.end_ms ?? 0);
      expect(segment.end_ms).toBeLessThanOrEqual(70_000);
    });
  });

  it("is a function: the same request, the same answer", async () => {
    expect(await post(resolveBody(alice))).toEqual(await post(resolveBody(alice)));
  });
});

describe("names", () => {
  const state = { ...emptyState, roster };

  it("binds an introduction of the roster, once", async () => {
    const first = await resolved(alice, { state, asr_text: "my name is alice" });
    expect(first).toMatchObject({ speaker_name: "Alice", decision: "auto", evidence: { roster_hit: "Alice" } });
    expect(first.updated_state.bindings).toEqual({ speaker_1: "Alice" });
    const impostor = await resolved(bob, { state: first.updated_state, asr_text: "I am Alice" });
    expect(impostor).toMatchObject({ speaker_name: null, decision: "confirm", evidence: { roster_hit: "Alice" } });
    expect(impostor.updated_state.bindings).toEqual({ speaker_1: "Alice" });
    const later = await resolved(excerpt(19, 23), { state: first.updated_state });
    expect(later).toMatchObject({ speaker_name: "Alice", decision: "confirm" });
  });

  it("never binds against a binding, whether in bindings or in the cluster", async () => {
    const { updated_state: known } = await resolved(alice, { state });
    for (const bound of [
      { ...known, bindings: { speaker_1: "Zoe" } },
      { ...known, clusters: known.clusters.map((cluster) => ({ ...cluster, bound_name: "Zoe" })) },
    ]) {
      const answer = await resolved(excerpt(19, 23), { state: bound, asr_text: "I am Alice" });
      expect(answer).toMatchObject({ speaker_name: "Zoe", decision: "confirm" });
      expect(answer.updated_state.bindings).toEqual(bound.bindings);
    }
  });

  it("reports a name outside the roster and binds nothing", async () => {
    const answer = await resolved(alice, { state, asr_text: "My name is Quentin." });
    expect(answer).toMatchObject({ speaker_name: null, evidence: { name_hit: "Quentin" } });
    expect(answer.updated_state.bindings).toEqual({});
  });
});

describe("states of others", () => {
  const foreign: SpeakerState["clusters"] = [
    { cluster_id: "x-vector", centroid: [0.1, 0.2, 0.3], sample_count: 12, bound_name: "Zoe" },
    { cluster_id: "by-hand", centroid: [], sample_count: 0 },
    { cluster_id: "zero", centroid: Array.from({ length: 608 }, () => 0), sample_count: 3 },
    { cluster_id: "huge", centroid: Array.from({ length: 608 }, () => 1e308), sample_count: 3 },
    { cluster_id: "speaker_5", centroid: Array.from({ length: 4_096 }, () => 1), sample_count: 1 },
  ];

  it("carries foreign clusters, bindings, roster and config along untouched", async () => {
    const state = {
      clusters: foreign,
      bindings: { "by-hand": "Bob", gone: "Ann" },
      roster,
      config: { theirs: { deep: [1] }, embedded_resolver: { floor_db: "loud", channel_distances: [1] } },
    };
    const { updated_state: after, cluster_id } = await resolved(bob, { state, asr_text: "I am Bob" });
    expect(cluster_id).toBe("speaker_6");
    expect(after.clusters.slice(0, 5)).toEqual(foreign);
    expect(after.bindings).toEqual(state.bindings);
    expect(after.roster).toEqual(roster);
    expect(after.config["theirs"]).toEqual({ deep: [1] });
  });

  it("opens nothing in a full state", async () => {
    const clusters = Array.from({ length: limits.maxClusters }, (_, i) => ({
      cluster_id: `c${i}`,
      centroid: [],
      sample_count: 0,
    }));
    const answer = await resolved(alice, { state: { ...emptyState, clusters } });
    expect(answer).toMatchObject({ cluster_id: "none", decision: "unknown", segments: [] });
    expect(answer.updated_state.clusters).toEqual(clusters);
  });

  it("merges two clusters of one voice, keeps the name, and never two names", async () => {
    const { updated_state: once } = await resolved(alice);
    const [cluster] = once.clusters;
    if (!cluster) throw new Error("no cluster");
    const twice = { ...once, clusters: [cluster, { ...cluster, cluster_id: "twin" }] };
    const named = await resolved(excerpt(19, 23), { state: { ...twice, bindings: { twin: "Alice" } } });
    expect(named).toMatchObject({
      cluster_id: "twin",
      speaker_name: "Alice",
      merges: [{ from_cluster_id: "speaker_1", into_cluster_id: "twin" }],
    });
    const both = await resolved(excerpt(19, 23), {
      state: { ...twice, bindings: { twin: "Alice", speaker_1: "Bob" } },
    });
    expect(both).toMatchObject({ merges: [] });
    expect(both.updated_state.clusters).toHaveLength(2);
  });

  it("gives no name twice, even after a merge", async () => {
    const { updated_state: once } = await resolved(alice);
    const state = { ...once, clusters: [] };
    expect((await resolved(bob, { state })).cluster_id).toBe("speaker_2");
  });

  it("stays small with as many speakers as it opens", async () => {
    const { updated_state: one } = await resolved(alice);
    const bytes = JSON.stringify(one).length;
    expect(bytes).toBeLessThan(6_000);
    expect(bytes * 64).toBeLessThan(limits.maxInferenceAnswerBytes);
  });
});

describe("bad requests", () => {
  const audio = resolveBody(alice)["audio"] as Record<string, unknown>;
  const cluster = { cluster_id: "a", centroid: [1], sample_count: 1 };
  it.each([
    ["no JSON", "{", 400],
    ["a list", [], 400],
    ["nothing", "", 400],
    ["no state", resolveBody(alice, { state: undefined }), 400],
    ["no session", resolveBody(alice, { session_id: "../x" }), 400],
    [
      "a NaN, which JSON has as null",
      resolveBody(alice, { state: { ...emptyState, clusters: [{ ...cluster, centroid: [Number.NaN] }] } }),
      400,
    ],
    [
      "10,000 clusters",
      resolveBody(alice, {
        state: {
          ...emptyState,
          clusters: Array.from({ length: 10_000 }, (_, i) => ({ ...cluster, cluster_id: `c${i}` })),
        },
      }),
      400,
    ],
    ["a cluster twice", resolveBody(alice, { state: { ...emptyState, clusters: [cluster, cluster] } }), 400],
    ["no base64", resolveBody(alice, { audio: { ...audio, content_b64: "%%%%" } }), 400],
    ["half a sample", resolveBody(alice, { audio: { ...audio, content_b64: "AAAA" } }), 422],
    ["5 ms", resolveBody(silence(0.005)), 422],
    ["another format", resolveBody(alice, { audio: { ...audio, format: "opus" } }), 415],
    ["another rate", resolveBody(alice, { audio: { ...audio, sample_rate: 8_000 } }), 415],
    ["stereo", resolveBody(alice, { audio: { ...audio, channels: 2 } }), 415],
  ])("refuses %s", async (_name, body, expected) => {
    const { status, answer } = await post(body);
    expect(status).toBe(expected);
    expect(answer).toMatchObject({ status: expected, detail: expect.any(String) as string });
  });

  it("takes POST only", async () => {
    expect((await handleResolve(new Request("http://resolver.test/speaker/resolve"))).status).toBe(405);
  });

  it("stops reading a body that doesn't end", async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled++;
        controller.enqueue(new Uint8Array(1_000_000).fill(32));
      },
    });
    const request = new Request("http://resolver.test/", {
      method: "POST",
      body: endless,
      duplex: "half",
    });
    expect((await handleResolve(request)).status).toBe(413);
    expect(pulled).toBeLessThan(40);
  });
});
