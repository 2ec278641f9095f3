/** Who speaks, by the steps of the inference service's own resolver. */
import { describe, expect, it } from "vitest";
import { Clusters } from "../../../server/shared/diarizer/clusters.ts";
import { clustering } from "../../../server/shared/diarizer/tuning.ts";
import { dot, toUnit } from "../../../server/shared/diarizer/vectors.ts";
import { follow } from "../../../server/inference/voices/follow.ts";
import { linkAverage, type Step } from "../../../server/inference/voices/group.ts";
import {
  type HeardStep,
  readHistory,
  remember,
  type RememberedStep,
  withHistory,
} from "../../../server/inference/voices/history.ts";
import { type AtOnce, notTogether } from "../../../server/inference/voices/overlap.ts";
import { groupSteps } from "../../../server/inference/voices/voice-groups.ts";
import { directionsIn, nothingHeard, withSpeech } from "../../../server/inference/voices/both-voices.ts";
import { channels, voiceValues } from "../../../server/shared/diarizer/model.ts";
import { trainedModel } from "../../../server/shared/diarizer/trained-model.ts";
import { decodeProjection, encodeProjection, project } from "../../../server/inference/voices/projection.ts";
import { roomBase64 } from "../../../server/inference/voices/room-data.ts";
import { decodeRoom } from "../../../server/inference/voices/room.ts";
import { regionsOf } from "../../../server/inference/voices/speech-regions.ts";
import { following, steps as lengths } from "../../../server/inference/voices/tuning.ts";
import { pooledValues } from "../../../server/inference/voices/voice-front.ts";
import type { SpeakerState } from "../../../schemas/speech/speakers.ts";
import { encodeBase64 } from "../../../schemas/wire/base64.ts";
import { randomFrom } from "../support/random.ts";

const values = 16;
const random = randomFrom(7);

let clockMs = 0;

/** A voice's direction, and what one quarter of a second adds to it. */
function stepOf(speaker: number, isFirst = false): HeardStep {
  const voice = Float64Array.from({ length: values }, (_, i) => (i === speaker ? 1 : 0) + (random(100) - 50) / 400);
  clockMs += lengths.stepMs;
  return { neural: toUnit(voice) ?? voice, classical: [], frames: 40, isFirst, startMs: clockMs };
}

const said = (speaker: number, count: number): HeardStep[] =>
  Array.from({ length: count }, (_, i) => stepOf(speaker, i === 0));

const directionOf = ({ neural }: { neural: HeardStep["neural"] }): Float64Array => Float64Array.from(neural);
const grouped = (steps: readonly HeardStep[]): Step[] =>
  steps.map((step) => ({ ...step, voice: directionOf(step), count: 1 }));

/** A window that follows on what is remembered. */
function followWindow(
  remembered: readonly RememberedStep[],
  fresh: readonly (HeardStep & { readonly together?: number })[],
  clusters: Clusters,
  atOnce?: AtOnce,
): { given: readonly (string | undefined)[]; others: readonly (string | undefined)[]; history: RememberedStep[] } {
  const told = fresh.map((step) => ({ together: notTogether, ...step }));
  const { given, others, known } = follow(remembered, told, clusters, { directionOf, atOnce });
  return {
    given,
    others,
    history: remember(
      known,
      fresh.map((step, i) => ({ ...step, clusterId: given[i] })),
    ),
  };
}

const noClusters = { clusters: [], bindings: {} };

function clustersOf(state: ConstructorParameters<typeof Clusters>[0], opened = 0): Clusters {
  const rules = { ...clustering, merge: 1 };
  return new Clusters(state, { lastClusterId: undefined, opened }, { voiceValues: values, directionOf: unitOf, rules });
}

describe("groups of steps", () => {
  it("are those of average linkage, tried naively", () => {
    for (let round = 0; round < 20; round++) {
      const vectors = Array.from({ length: 14 }, () => directionOf(stepOf(random(4))));
      for (const least of [0.2, 0.6, 0.97])
        expect(partition(linkAverage(vectors, least))).toEqual(naive(vectors, least));
    }
  });

  it("tell two voices apart, to the step", () => {
    const { path, voices } = groupSteps(grouped([...said(1, 12), ...said(2, 10), ...said(1, 9)]));
    expect(voices).toHaveLength(2);
    expect(path).toEqual([...Array(12).fill(path[0]), ...Array(10).fill(path[12]), ...Array(9).fill(path[0])]);
  });

  it("make no group of a word", () => {
    expect(groupSteps(grouped([...said(1, 20), ...said(2, 3), ...said(1, 10)])).voices).toHaveLength(1);
  });
});

describe("following a meeting", () => {
  it("gives a voice the same cluster window by window, and a new one to a new voice", () => {
    const clusters = clustersOf(noClusters);
    const first = followWindow([], said(1, 16), clusters);
    const second = followWindow(first.history, said(2, 16), clusters);
    const third = followWindow(second.history, said(1, 8), clusters);
    expect(new Set(first.given)).toEqual(new Set(["speaker_1"]));
    expect(new Set(second.given)).toEqual(new Set(["speaker_2"]));
    expect(new Set(third.given)).toEqual(new Set(["speaker_1"]));
  });

  it("makes somebody of a voice that was too short at first, once it goes on", () => {
    const clusters = clustersOf(noClusters);
    const first = followWindow([], [...said(1, 14), ...said(2, 2)], clusters);
    expect(new Set(first.given)).toEqual(new Set(["speaker_1"]));
    const second = followWindow(first.history, said(2, 12), clusters);
    expect(new Set(second.given)).toEqual(new Set(["speaker_2"]));
  });

  it("says who else speaks where two are heard at once, of those it knows, and only where that is looked for", () => {
    const clusters = clustersOf(noClusters);
    const first = followWindow([], said(1, 16), clusters);
    const second = followWindow(first.history, said(2, 16), clusters);
    const both = said(1, 16).map((step, i) => (i >= 4 && i < 8 ? { ...step, together: 2 } : step));
    const window = followWindow(second.history, both, clusters, { threshold: 1, steps: 2 });
    expect(new Set(window.given)).toEqual(new Set([first.given[0]]));
    const other = second.given[0];
    expect(window.others).toEqual(both.map((_, i) => (i >= 4 && i < 8 ? other : undefined)));
    expect(followWindow(second.history, both, clusters).others.filter(Boolean)).toEqual([]);
    expect(followWindow(first.history, both, clustersOf(noClusters), { threshold: 1, steps: 2 }).others).toEqual(
      both.map(() => undefined),
    );
  });

  it("merges a cluster that turns out to be another's voice, and never two names", () => {
    const twice = (name: string): RememberedStep[] => said(1, 12).map((step) => ({ ...step, clusterId: name }));
    const state = {
      clusters: ["a", "b"].map((cluster_id) => ({
        cluster_id,
        centroid: [...directionOf(stepOf(1))],
        sample_count: 3,
      })),
      bindings: { b: "Bob" },
    };
    const clusters = clustersOf(state, 2);
    const { given, history } = followWindow([...twice("a"), ...twice("b")], said(1, 4), clusters);
    expect(clusters.merges).toEqual([{ from_cluster_id: "a", into_cluster_id: "b" }]);
    expect(new Set(given)).toEqual(new Set(["b"]));
    expect(new Set(history.map(({ clusterId }) => clusterId))).toEqual(new Set(["b"]));
    const named = clustersOf({ ...state, bindings: { a: "Ann", b: "Bob" } }, 2);
    followWindow([...twice("a"), ...twice("b")], said(1, 4), named);
    expect(named.merges).toEqual([]);
  });

  it("takes steps of a cluster that a person merged away for nobody's", () => {
    const clusters = clustersOf({
      clusters: [{ cluster_id: "kept", centroid: [...directionOf(stepOf(1))], sample_count: 3 }],
      bindings: {},
    });
    const gone = said(1, 12).map((step): RememberedStep => ({ ...step, clusterId: "gone" }));
    expect(new Set(followWindow(gone, said(1, 4), clusters).given)).toEqual(new Set(["kept"]));
  });

  it.each(Array.from({ length: 16 }, (_, before) => before))(
    "gives a known voice its cluster within 6 s of audio, %i steps of a window after which it begins",
    (before) => {
      const windowSteps = 16;
      const clusters = clustersOf(noClusters);
      let { history } = followWindow([], said(1, 2 * windowSteps), clusters);
      ({ history } = followWindow(history, said(2, windowSteps), clusters));
      const audio = [...said(2, before), ...said(1, 3 * windowSteps)];
      let end = 0;
      let isGiven = false;
      while (!isGiven && end < audio.length) {
        const window = followWindow(history, audio.slice(end, end + windowSteps), clusters);
        ({ history } = window);
        isGiven = window.given.some((id, i) => end + i >= before && id === "speaker_1");
        end += windowSteps;
      }
      expect(((end - before) * lengths.stepMs) / 1_000).toBeLessThanOrEqual(6);
    },
  );

  it("knows a voice again that is older than what it remembers", () => {
    const clusters = clustersOf({
      clusters: [{ cluster_id: "old", centroid: [...directionOf(stepOf(3))], sample_count: 9 }],
      bindings: {},
    });
    expect(new Set(followWindow([], said(3, 12), clusters).given)).toEqual(new Set(["old"]));
  });
});

const someClassical = (): Float64Array =>
  Float64Array.from({ length: voiceValues }, () => (random(2_000) - 1_000) / 200);
const headOf = ({ clusterId, frames, isFirst, startMs }: RememberedStep) => [clusterId, frames, isFirst, startMs];
const countOf = (all: readonly RememberedStep[], wanted: string | undefined): number =>
  all.filter(({ clusterId }) => clusterId === wanted).length;

describe("what is remembered", () => {
  const steps: RememberedStep[] = [
    ...said(1, 3).map((step) => ({ ...step, classical: someClassical(), clusterId: "speaker_1" })),
    ...said(2, 2).map((step) => ({ ...step, classical: someClassical(), clusterId: undefined })),
  ];
  const recording = { distances: [1, 2, 3, 4], room: 2.5, steps: 5 };

  it("comes back, beside what others keep in the config", () => {
    const config = withHistory({ other: 1 }, { steps, recording, heardMs: 9_000 });
    expect(config["other"]).toBe(1);
    const read = readHistory(stateWith(config), values);
    expect(read).toMatchObject({ recording, heardMs: 9_000 });
    expect(read.steps.map(headOf)).toEqual(steps.map(headOf));
    for (const [i, { neural, classical: kept }] of read.steps.entries()) {
      expect(dot(neural, steps[i]?.neural ?? neural)).toBeGreaterThan(0.99);
      kept.forEach((value, d) => expect(Math.abs(value - (steps[i]?.classical[d] ?? 0))).toBeLessThan(0.4));
    }
  });

  const by = (clusterId: string | undefined, count: number): RememberedStep[] =>
    said(1, count).map((step) => ({ ...step, clusterId }));

  it("is every second step, of everybody who spoke, however long somebody else went on", () => {
    let all = remember([], [...by("quiet", 40), ...by(undefined, 10)]);
    expect(all).toHaveLength(25);
    for (let window = 0; window < 100; window++) all = remember(all, by("talks", 16));
    expect(all).toHaveLength(following.remembered);
    expect([countOf(all, "quiet"), countOf(all, undefined)]).toEqual([20, 0]);
    expect(all.map(({ startMs }) => startMs)).toEqual(all.map(({ startMs }) => startMs).toSorted((a, b) => a - b));
    for (let who = 0; who < 200; who++) all = remember(all, by(`person_${who}`, 8));
    expect(all).toHaveLength(following.remembered);
  });

  it("is read no further than it may be", () => {
    const config = withHistory(
      {},
      { steps: Array.from({ length: 150 }, () => steps[0]).flatMap((step) => step ?? []), recording, heardMs: 1 },
    );
    expect(readHistory(stateWith(config), values).steps).toHaveLength(following.remembered);
  });

  const whole = { version: 2, heard_ms: 1, distances: [0, 0, 0, 0], distances_of: 0, ids: [], steps_b64: "" };
  it.each([
    undefined,
    "x",
    { ...whole, version: 1 },
    { ...whole, steps_b64: "!" },
    { ...whole, steps_b64: encodeBase64(new Uint8Array(5)) },
    { ...whole, ids: [7] },
    { ...whole, distances: [] },
  ])("is nothing where the config has %j", (voice_history) => {
    expect(readHistory(stateWith({ voice_history }), values)).toEqual({
      steps: [],
      recording: nothingHeard,
      heardMs: 0,
    });
  });

  it("that a version of before kept is read, without a room", () => {
    const { room, ...kept } = withHistory({}, { steps, recording, heardMs: 1 })["voice_history"] as { room: number };
    expect(room).toBe(2.5);
    const read = readHistory(stateWith({ voice_history: kept }), values);
    expect(read.recording).toEqual({ ...recording, room: 0 });
    expect(read.steps).toHaveLength(steps.length);
  });

  it("is no voice where its bytes make no number", () => {
    const config = withHistory({}, { steps: steps.slice(0, 1), recording, heardMs: 1 });
    const kept = config["voice_history"] as { steps_b64: string };
    const bytes = Buffer.from(kept.steps_b64, "base64");
    bytes.writeFloatBE(NaN, 6);
    const voice_history = { ...kept, steps_b64: bytes.toString("base64") };
    const [step] = readHistory(stateWith({ voice_history }), values).steps;
    const direction = step && directionsIn({ distances: [0, 0, 0, 0], room: 0, steps: 1 })(step);
    expect(direction?.every(Number.isFinite)).toBe(true);
  });
});

it("asks the classical voice only in the kinds of recording that it was trained on", () => {
  const neural = directionOf(stepOf(1));
  const classical = Float64Array.from(
    { length: voiceValues },
    (_, i) =>
      (trainedModel.centres[i] ?? 0) / Math.max(trainedModel.within[i] ?? 1, 1e-6) + (random(2_000) - 1_000) / 1_000,
  );
  const known = withSpeech(nothingHeard, [{ neural, classical }]);
  expect(known.distances).toHaveLength(channels);
  const direction = directionsIn(known)({ neural, classical });
  expect(direction).toHaveLength(values + voiceValues);
  expect(dot(direction, direction)).toBeCloseTo(1, 6);
  const strange = withSpeech(nothingHeard, [{ neural, classical: classical.map((value) => value + 5) }]);
  expect(directionsIn(strange)({ neural, classical })).toHaveLength(values);
});

it("takes what voices share in a meeting room from those that are heard in one, and from no others", () => {
  const room = decodeRoom(roomBase64);
  const classical = new Float64Array(voiceValues).fill(9);
  const voiceOf = (inRoom: number, axis: number) => {
    const neural = room.map((value, i) => inRoom * value + (i === axis ? 0.7 : 0));
    return { neural: toUnit(neural) ?? neural, classical };
  };
  for (const [inRoom, isChanged] of [
    [1, true],
    [-0.3, false],
  ] as const) {
    const [a, b] = [voiceOf(inRoom, 3), voiceOf(inRoom, 40)];
    const directionIn = directionsIn(withSpeech(nothingHeard, [a, b, a, b]));
    const [before, after] = [dot(a.neural, b.neural), dot(directionIn(a), directionIn(b))];
    expect(after < before - 0.05).toBe(isChanged);
    expect(dot(directionIn(a), directionIn(a))).toBeCloseTo(1, 6);
    expect(directionIn({ ...a, neural: new Float64Array(room.length) }).every((value) => value === 0)).toBe(true);
  }
  expect(() => decodeRoom("AAAA")).toThrow(/damaged/);
});

it("keeps a projection in 8 bits as good as whole", () => {
  const projection = { mean: row(1), deviation: row(1).map((v) => 0.1 + Math.abs(v)), directions: [row(1), row(0.01)] };
  const read = decodeProjection(encodeBase64(encodeProjection(projection)));
  const pooled = row(2);
  const [whole, kept] = [project(projection, pooled), project(read, pooled)];
  whole.forEach((value, i) => expect(Math.abs(value - (kept[i] ?? 0))).toBeLessThan(0.02 * Math.abs(value) + 0.5));
  expect(() => decodeProjection("AAAA")).toThrow(/damaged/);
});

it("finds speech with its margins, joins what a short pause parts, and leaves out a click", () => {
  const heard = [
    ...of(20, 0),
    ...of(20, 0.9),
    ...of(8, 0.1),
    ...of(20, 0.9),
    ...of(30, 0),
    ...of(2, 0.9),
    ...of(20, 0),
  ];
  const regions = regionsOf(heard, heard.length * 32);
  expect(regions).toHaveLength(1);
  expect(regions[0]?.start).toBeCloseTo(20 * 32 - 150, 5);
  expect(regions[0]?.end).toBeCloseTo(68 * 32 + 150, 5);
});

function partition(labels: readonly number[]): number[] {
  const order = [...new Set(labels)];
  return labels.map((label) => order.indexOf(label));
}

function naive(vectors: readonly Float64Array[], least: number): number[] {
  let groups = vectors.map((_, i) => [i]);
  for (;;) {
    let best: { a: number[]; b: number[]; cosine: number } | undefined;
    for (const [i, a] of groups.entries()) {
      for (const b of groups.slice(i + 1)) {
        const cosines = a.flatMap((x) => b.map((y) => dot(vectors[x] ?? [], vectors[y] ?? [])));
        const cosine = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
        if (!best || cosine > best.cosine) best = { a, b, cosine };
      }
    }
    if (!best || best.cosine < least) break;
    const { a, b } = best;
    groups = [...groups.filter((group) => group !== a && group !== b), [...a, ...b]];
  }
  return partition(vectors.map((_, i) => groups.findIndex((group) => group.includes(i))));
}

function unitOf(voice: Float64Array): Float64Array | undefined {
  return toUnit(voice.slice());
}

function stateWith(config: SpeakerState["config"]): SpeakerState {
  return { clusters: [], bindings: {}, config };
}

function row(scale: number): Float64Array {
  return Float64Array.from({ length: pooledValues }, () => ((random(2_000) - 1_000) / 1_000) * scale);
}

function of(count: number, probability: number): number[] {
  return Array.from({ length: count }, () => probability);
}
