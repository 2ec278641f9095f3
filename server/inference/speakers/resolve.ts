/** The embedded resolver's steps with a neural model's voices. State in, state out. */
import type { SpeakerState } from "../../../schemas/speech/speakers.ts";
import { composeAnswer, type PlacedPiece, type Resolution } from "../../shared/diarizer/answer.ts";
import { Clusters } from "../../shared/diarizer/clusters.ts";
import { extractFeatures } from "../../shared/diarizer/features.ts";
import { detectSpeech } from "../../shared/diarizer/speech.ts";
import { toUnit } from "../../shared/diarizer/vectors.ts";
import { spansOf, splitIntoWindows } from "../../shared/diarizer/windows.ts";
import { cutByVoice } from "./cut-by-voice.ts";
import type { Embedder } from "./embedder.ts";
import { readMemory, withMemory } from "./memory.ts";
import { rulesFor } from "./tuning.ts";

export interface NeuralModel {
  readonly embedder: Embedder;
  /** Tells its centroids from another model's. */
  readonly id: string;
  /** Cosine from which a piece joins a cluster. */
  readonly threshold: number;
}

export function createNeuralResolve({ embedder, id, threshold }: NeuralModel) {
  const rules = rulesFor(threshold, embedder.values);
  const space = {
    voiceValues: embedder.values,
    directionOf: (voice: Float64Array) => toUnit(voice.slice()),
    rules: rules.clustering,
  };
  return (samples: Int16Array, asrText: string | null, state: SpeakerState): Resolution => {
    const memory = readMemory(state, id);
    const foreign = new Set(memory.foreign);
    const clusters = new Clusters(
      withoutCentroids(state, foreign),
      { lastClusterId: memory.last_cluster_id, opened: memory.opened },
      space,
    );
    let floorDb = memory.floor_db;
    const placed: PlacedPiece[] = [];
    for (const window of splitIntoWindows(samples.length)) {
      const part = samples.subarray(window.start, window.end);
      const speech = detectSpeech(extractFeatures(part), floorDb);
      floorDb = speech.floorDb;
      for (const piece of cutByVoice(part, speech, embedder, rules.maxCosine))
        placed.push({
          match: clusters.place(piece),
          seconds: piece.seconds,
          spans: spansOf(piece.runs, window),
        });
    }
    const answer = composeAnswer(placed, clusters, { asrText, state, rules: rules.clustering });
    const after = clusters.toState();
    return {
      ...answer,
      updated_state: {
        ...state,
        clusters: withCentroidsOf(state, after.clusters, foreign),
        bindings: after.bindings,
        config: withMemory(state.config, {
          ...memory,
          floor_db: floorDb,
          last_cluster_id: clusters.lastClusterId,
          opened: clusters.opened,
          foreign: after.clusters.flatMap(({ cluster_id }) => (foreign.has(cluster_id) ? [cluster_id] : [])),
        }),
      },
    };
  };
}

/** A cluster without a centroid is carried along and never matched. */
export function withoutCentroids(state: SpeakerState, foreign: ReadonlySet<string>): SpeakerState {
  const clusters = state.clusters.map((cluster) =>
    foreign.has(cluster.cluster_id) ? { ...cluster, centroid: [] } : cluster,
  );
  return { ...state, clusters };
}

export function withCentroidsOf(
  { clusters: before }: SpeakerState,
  clusters: SpeakerState["clusters"],
  foreign: ReadonlySet<string>,
): SpeakerState["clusters"] {
  return clusters.map((cluster) =>
    foreign.has(cluster.cluster_id)
      ? (before.find(({ cluster_id }) => cluster_id === cluster.cluster_id) ?? cluster)
      : cluster,
  );
}
