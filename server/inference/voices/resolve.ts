/** The resolve contract with the voices of this service. State in, state out. */
import type { SpeakerState } from "../../../schemas/speech/speakers.ts";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { composeAnswer, type PlacedPiece, type Resolution } from "../../shared/diarizer/answer.ts";
import { Clusters } from "../../shared/diarizer/clusters.ts";
import { clustering } from "../../shared/diarizer/tuning.ts";
import { toUnit } from "../../shared/diarizer/vectors.ts";
import { type Span, splitIntoWindows } from "../../shared/diarizer/windows.ts";
import { readMemory, withMemory } from "../speakers/memory.ts";
import { withCentroidsOf, withoutCentroids } from "../speakers/resolve.ts";
import { follow } from "./follow.ts";
import { hearSteps, type Hearing, type PlacedStep } from "./heard-steps.ts";
import { readHistory, withHistory } from "./history.ts";
import { following } from "./tuning.ts";

/** Of the centroids: another number with another projection. */
const modelId = "moonshine-tiny-front-1";

const rules = { ...clustering, join: following.join, merge: 1 };

export async function resolveVoices(
  samples: Int16Array,
  asrText: string | null,
  state: SpeakerState,
  hearing: Hearing,
): Promise<Resolution> {
  const values = hearing.projection.directions.length;
  const memory = readMemory(state, modelId);
  const foreign = new Set(memory.foreign);
  const clusters = new Clusters(
    withoutCentroids(state, foreign),
    { lastClusterId: memory.last_cluster_id, opened: memory.opened },
    { voiceValues: values, directionOf: (voice) => toUnit(voice.slice()), rules },
  );
  let history = readHistory(state, values);
  const placed: PlacedPiece[] = [];
  for (const window of splitIntoWindows(samples.length)) {
    const steps = await hearSteps(samples.subarray(window.start, window.end), hearing);
    if (steps.length === 0) continue;
    const followed = follow(history, steps, clusters);
    history = followed.history.slice(-following.remembered);
    const offsetMs = (window.start * 1_000) / sampleRateHz;
    placed.push(...piecesOf(steps, followed.given, offsetMs, clusters));
  }
  const answer = composeAnswer(placed, clusters, { asrText, state, rules });
  const after = clusters.toState();
  return {
    ...answer,
    updated_state: {
      ...state,
      clusters: withCentroidsOf(state, after.clusters, foreign),
      bindings: after.bindings,
      config: withHistory(
        withMemory(state.config, {
          ...memory,
          last_cluster_id: clusters.lastClusterId,
          opened: clusters.opened,
          foreign: after.clusters.flatMap(({ cluster_id }) => (foreign.has(cluster_id) ? [cluster_id] : [])),
        }),
        history,
        values,
      ),
    },
  };
}

/** Steps of one cluster behind each other, with nobody else between them. */
function piecesOf(
  steps: readonly PlacedStep[],
  given: readonly (string | undefined)[],
  offsetMs: number,
  clusters: Clusters,
): PlacedPiece[] {
  const runs: { clusterId: string | undefined; steps: PlacedStep[] }[] = [];
  for (const [i, step] of steps.entries()) {
    const last = runs.at(-1);
    if (last && last.clusterId === given[i]) last.steps.push(step);
    else runs.push({ clusterId: given[i], steps: [step] });
  }
  return runs.flatMap((run) => {
    if (run.clusterId === undefined) return [];
    const spans: Span[] = [];
    for (const { start, end } of run.steps) {
      const [start_ms, end_ms] = [Math.round(offsetMs + start), Math.round(offsetMs + end)];
      const before = spans.at(-1);
      if (before && start_ms - before.end_ms <= following.maxPauseMs) spans[spans.length - 1] = { ...before, end_ms };
      else spans.push({ start_ms, end_ms });
    }
    const voice = run.steps.find(({ frames }) => frames > 0)?.voice;
    const score = voice && clusters.scoreOf(run.clusterId, voice);
    const seconds = run.steps.reduce((sum, { start, end }) => sum + end - start, 0) / 1_000;
    clusters.lastClusterId = run.clusterId;
    return [{ match: { clusterId: run.clusterId, score }, seconds, spans }];
  });
}
