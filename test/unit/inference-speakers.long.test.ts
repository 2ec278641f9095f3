/**
 * The adapter for neural models without a neural model: its server, its steps and its state, with average cepstra for
 * embeddings. `test/contract/inference-speakers.long.test.ts` runs it with sherpa-onnx, where that is installed.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { limits } from "../../schemas/limits.ts";
import type { SpeakerState } from "../../schemas/speech/speakers.ts";
import type { Embedder } from "../../server/inference/speakers/embedder.ts";
import { parseInferenceOptions } from "../../server/inference/options.ts";
import { resolvePath } from "../../server/inference/speakers/part.ts";
import { createResolveHandler } from "../../server/shared/diarizer/handle-resolve.ts";
import { createNeuralResolve } from "../../server/inference/speakers/resolve.ts";
import { type InferenceServer, serveParts } from "../../server/inference/http/server.ts";
import { extractFeatures } from "../../server/shared/diarizer/features.ts";
import { front } from "../../server/shared/diarizer/tuning.ts";
import { emptyState, ResolveClient, resolveBody } from "../support/resolve-requests.ts";
import { highVoice, inTurn, lowVoice, pause, speak } from "../support/synthetic-voices.ts";

const averageCepstrum: Embedder = {
  values: front.cepstra,
  embed: (samples) => {
    const { cepstra, frames } = extractFeatures(samples);
    const sums = new Float32Array(front.cepstra);
    cepstra.forEach((value, i) => {
      const at = i % front.cepstra;
      sums[at] = (sums[at] ?? 0) + value / frames;
    });
    return sums;
  },
};

const threshold = 0.8;
const low = speak(lowVoice, 4);
const high = speak(highVoice, 4);

function serve(more: { id?: string; apiKey?: string; embedder?: Embedder } = {}): Promise<InferenceServer> {
  const { id = "cepstra", apiKey, embedder = averageCepstrum } = more;
  const resolve = createNeuralResolve({ embedder, id, threshold });
  const parts = [{ routes: { [`POST ${resolvePath}`]: createResolveHandler(resolve) }, summary: "" }];
  return serveParts({ host: "127.0.0.1", port: 0, apiKey, parts });
}

let server: InferenceServer;
let client: ResolveClient;
beforeAll(async () => {
  server = await serve();
  client = new ResolveClient(server.url);
});
afterAll(() => server.close());

describe("voices", () => {
  it("tells two apart, window by window, from nothing but the state", async () => {
    const first = await client.resolve(low);
    expect(first).toMatchObject({ cluster_id: "speaker_1", speaker_name: null, decision: "confirm", merges: [] });
    expect(first.segments).toMatchObject([{ cluster_id: "speaker_1" }]);
    const second = await client.resolve(high, { state: first.updated_state });
    expect(second).toMatchObject({ cluster_id: "speaker_2", evidence: { threshold_low: threshold } });
    const third = await client.resolve(low, { state: second.updated_state });
    expect(third.cluster_id).toBe("speaker_1");
    expect(third.updated_state.clusters.map(({ centroid }) => centroid.length)).toEqual([19, 19]);
    expect(third.evidence.sv_score).toBeGreaterThan(threshold);
  });

  it("cuts where the speaker changes", async () => {
    const { segments } = await client.resolve(inTurn(speak(lowVoice, 2), pause(0.3), speak(highVoice, 2)));
    expect(segments.map(({ cluster_id }) => cluster_id)).toEqual(["speaker_1", "speaker_2"]);
    expect(Math.abs((segments[0]?.end_ms ?? 0) - 2_000)).toBeLessThan(200);
    expect(Math.abs((segments[1]?.start_ms ?? 0) - 2_300)).toBeLessThan(200);
  });

  it("cuts without a pause, too", async () => {
    const { segments } = await client.resolve(inTurn(speak(lowVoice, 2), speak(highVoice, 2)));
    expect(new Set(segments.map(({ cluster_id }) => cluster_id)).size).toBe(2);
  });

  it("takes 90 s at once, in order and without overlap", { timeout: 60_000 }, async () => {
    const turns = Array.from({ length: 22 }, (_, i) => (i % 2 === 0 ? low : high));
    const { segments, updated_state: after } = await client.resolve(inTurn(...turns));
    expect(after.clusters).toHaveLength(2);
    segments.forEach((segment, i) => {
      expect(segment.start_ms).toBeLessThan(segment.end_ms);
      expect(segment.start_ms).toBeGreaterThanOrEqual(segments[i - 1]?.end_ms ?? 0);
    });
  });

  it("opens no speaker for a word, and gives it to the nearest", async () => {
    const { updated_state: state } = await client.resolve(low);
    const word = await client.resolve(inTurn(pause(1), speak(highVoice, 0.4), pause(1)), { state });
    expect(word.segments).toMatchObject([{ cluster_id: "speaker_1" }]);
    expect(word.updated_state.clusters).toEqual(state.clusters);
  });

  it("says who spoke last where nobody speaks, and nobody where nobody has", async () => {
    expect(await client.resolve(pause(4))).toMatchObject({ cluster_id: "none", decision: "unknown", segments: [] });
    const { updated_state: state } = await client.resolve(low);
    expect(await client.resolve(pause(4), { state })).toMatchObject({ cluster_id: "speaker_1", decision: "unknown" });
  });

  it("merges two clusters of one voice, and says so", async () => {
    const { updated_state: state } = await client.resolve(low);
    const twins = state.clusters.map((cluster) => ({ ...cluster, cluster_id: "twin" }));
    const answer = await client.resolve(low, { state: { ...state, clusters: [...state.clusters, ...twins] } });
    expect(answer["merges"]).toEqual([{ from_cluster_id: "twin", into_cluster_id: "speaker_1" }]);
    expect(answer.updated_state.clusters).toHaveLength(1);
  });

  it("binds an introduction by a name of the roster", async () => {
    const state = { ...emptyState, roster: [{ name: "Alice" }] };
    const answer = await client.resolve(low, { state, asr_text: "hello, my name is alice" });
    expect(answer).toMatchObject({ speaker_name: "Alice", decision: "auto", evidence: { roster_hit: "Alice" } });
    expect(answer.updated_state).toMatchObject({ bindings: { speaker_1: "Alice" }, roster: state.roster });
  });
});

describe("centroids of others", () => {
  it("come back as they were, and are never matched", async () => {
    const { updated_state: ours } = await client.resolve(low);
    const centroid = ours.clusters[0]?.centroid ?? [];
    const state: SpeakerState = {
      clusters: [
        { cluster_id: "longer", centroid: [...centroid, ...centroid], sample_count: 9, bound_name: "Zoe" },
        { cluster_id: "by-hand", centroid: [], sample_count: 0 },
        // Of the same length, but nothing says that this model made it.
        { cluster_id: "alike", centroid, sample_count: 9 },
      ],
      bindings: { "by-hand": "Bob" },
      config: { theirs: { deep: [1] } },
    };
    const first = await client.resolve(low, { state });
    expect(first).toMatchObject({ cluster_id: "speaker_4", speaker_name: null, merges: [] });
    const second = await client.resolve(low, { state: first.updated_state });
    expect(second.cluster_id).toBe("speaker_4");
    expect(second.updated_state.clusters.slice(0, 3)).toEqual(state.clusters);
    expect(second.updated_state).toMatchObject({ bindings: state.bindings, config: state.config });
  });

  it("are those of another model, too, even one of as many values", async ({ onTestFinished }) => {
    const other = await serve({ id: "another" });
    onTestFinished(() => other.close());
    const { updated_state: state } = await client.resolve(low);
    const answer = await new ResolveClient(other.url).resolve(low, { state });
    expect(answer.cluster_id).toBe("speaker_2");
    expect(answer.updated_state.clusters[0]).toEqual(state.clusters[0]);
  });

  it("leave the answer within what the room takes, however many values a model has", async ({ onTestFinished }) => {
    const shiftBy = 40;
    // A voice for every level that the sound is shifted to.
    const everyShiftAnother: Embedder = {
      values: limits.maxCentroidValues,
      embed: (samples) => {
        const shift = Math.round(samples.reduce((sum, value) => sum + value, 0) / samples.length / shiftBy);
        return Float32Array.from({ length: limits.maxCentroidValues }, (_, i) => Math.sin(i * i * (shift + 1)));
      },
    };
    const crowd = Array.from({ length: 20 }, (_, i) => low.map((value) => value + shiftBy * i));
    const wide = await serve({ embedder: everyShiftAnother });
    onTestFinished(() => wide.close());
    const response = await new ResolveClient(wide.url).post(resolveBody(inTurn(...crowd)));
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text.length).toBeGreaterThan(limits.maxInferenceAnswerBytes / 4);
    expect(text.length).toBeLessThan(limits.maxInferenceAnswerBytes);
  });
});

describe("bad requests", () => {
  const audio = resolveBody(low)["audio"] as object;
  it.each([
    ["no JSON", "{", 400],
    ["no state", resolveBody(low, { state: undefined }), 400],
    ["no base64", resolveBody(low, { audio: { ...audio, content_b64: "%%%%" } }), 400],
    ["another rate", resolveBody(low, { audio: { ...audio, sample_rate: 8_000 } }), 415],
    ["half a sample", resolveBody(low, { audio: { ...audio, content_b64: "AAAA" } }), 422],
    ["5 ms", resolveBody(pause(0.005)), 422],
  ])("refuses %s", async (_name, body, status) => {
    expect(await client.refused(body)).toMatchObject({ status, detail: expect.any(String) as string });
  });

  it("refuses another path, another method, and a second look", async () => {
    expect(await client.refused({}, "/")).toMatchObject({ status: 404 });
    expect(await client.refused({}, "/speaker/recluster")).toMatchObject({ status: 404 });
    const response = await fetch(`${server.url}/speaker/resolve`);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
  });

  it("answers a body that is too large, and goes on", async () => {
    expect(await client.refused(" ".repeat(33_000_000))).toMatchObject({ status: 413 });
    expect(await client.resolve(low)).toMatchObject({ cluster_id: "speaker_1" });
  });

  it("lives through a sender that leaves in the middle", async () => {
    const leaving = new AbortController();
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode('{"session_id":'));
        setTimeout(() => leaving.abort(), 50);
      },
    });
    const request = { method: "POST", body, duplex: "half", signal: leaving.signal } as const;
    await expect(fetch(`${server.url}/speaker/resolve`, request)).rejects.toThrow("aborted");
    expect(await client.resolve(low)).toMatchObject({ cluster_id: "speaker_1" });
  });

  it("says so when the model fails, and goes on", async ({ onTestFinished }) => {
    const deaf: Embedder = { values: 19, embed: () => new Float32Array(19) };
    const broken = await serve({ embedder: deaf });
    onTestFinished(() => broken.close());
    const other = new ResolveClient(broken.url);
    expect(await other.refused(resolveBody(low))).toMatchObject({ status: 500 });
    expect(await other.resolve(pause(4))).toMatchObject({ cluster_id: "none" });
  });
});

describe("a key", () => {
  it("is asked for before anything else, and compared whole", async ({ onTestFinished }) => {
    const guarded = await serve({ apiKey: "open sesame" });
    onTestFinished(() => guarded.close());
    for (const headers of [{}, { "x-api-key": "" }, { "x-api-key": "open" }, { "x-api-key": "open sesame!" }])
      expect(await new ResolveClient(guarded.url, headers as Record<string, string>).refused("{")).toEqual({
        title: "cannot answer",
        status: 401,
        detail: "x-api-key is missing or wrong",
      });
    const known = new ResolveClient(guarded.url, { "x-api-key": "open sesame" });
    expect(await known.resolve(low)).toMatchObject({ cluster_id: "speaker_1" });
  });
});

function parse(...argv: string[]): ReturnType<typeof parseInferenceOptions> {
  return parseInferenceOptions(argv, { KEY: "secret", EMPTY: "" });
}

describe("the command line", () => {
  it("has a default for all but the model", () => {
    expect(parse("--speaker-model", "a.onnx")).toEqual({
      host: "127.0.0.1",
      port: 9_100,
      apiKey: undefined,
      speakers: { model: "a.onnx", threshold: 0.5, threads: 1 },
    });
    expect(parse("--speaker-model", "a.onnx", "--api-key-env", "KEY")?.apiKey).toBe("secret");
  });

  it.each([
    [["--speaker-model", "a", "--port", "x"], '--port must be a port number, not "x".'],
    [["--speaker-model", "a", "--speaker-threshold", "1.5"], "--speaker-threshold must be a number from"],
    [["--speaker-model", "a", "--threads", "1.5"], "--threads must be a whole number"],
    [["--speaker-model", "a", "--api-key-env", "EMPTY"], "the environment has no EMPTY"],
    [["--speaker-model", "a", "--key", "secret"], "Unknown option '--key'; see --help."],
    [["--speaker-model"], "argument missing"],
  ])("refuses %j", (argv, message) => {
    expect(() => parse(...argv)).toThrow(message);
  });
});
