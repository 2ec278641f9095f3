/** The resolve contract with the voices of this service. State in, state out. */
import type { SpeakerState } from "../../../schemas/speech/speakers.ts";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { composeAnswer, type PlacedPiece, type Resolution } from "../../shared/diarizer/answer.ts";
import { Clusters } from "../../shared/diarizer/clusters.ts";
import { clustering } from "../../shared/diarizer/tuning.ts";
import { voiceValues } from "../../shared/diarizer/model.ts";
import { type Span, splitIntoWindows } from "../../shared/diarizer/windows.ts";
import { readMemory, withMemory } from "../speakers/memory.ts";
import { withCentroidsOf, withoutCentroids } from "../speakers/resolve.ts";
import { directionsIn, withSpeech } from "./both-voices.ts";
import { centroidOf, follow } from "./follow.ts";
import { readHistory, remember, withHistory } from "./history.ts";
import { hearWindow, type Hearing, type MeetingStep } from "./meeting-ear.ts";
import { atOnceIn, isRoom } from "./overlap.ts";
import { following } from "./tuning.ts";

/** Of the centroids: another number with another projection, or anything else in them. */
const modelId = "moonshine-tiny-front-2";

const rules = { ...clustering, join: following.joinKnown, merge: 1 };

export async function resolveVoices(
  samples: Int16Array,
  asrText: string | null,
  state: SpeakerState,
  hearing: Hearing,
): Promise<Resolution> {
  const neural = hearing.projection.directions.length;
  const memory = readMemory(state, modelId);
  const foreign = new Set(memory.foreign);
  let history = readHistory(state, neural);
  let directionOf = directionsIn(history.recording);
  const clusters = new Clusters(
    withoutCentroids(state, foreign),
    { lastClusterId: memory.last_cluster_id, opened: memory.opened },
    {
      voiceValues: neural + voiceValues,
      directionOf: (voice) => directionOf({ neural: voice.subarray(0, neural), classical: voice.subarray(neural) }),
      rules,
    },
  );
  const placed: PlacedPiece[] = [];
  for (const window of splitIntoWindows(samples.length)) {
    const before = history.heardMs;
    const steps = await hearWindow(samples.subarray(window.start, window.end), hearing);
    const recording = withSpeech(history.recording, steps);
    const heardMs = before + Math.round(msOf(window.end - window.start));
    directionOf = directionsIn(recording);
    let remembered = history.steps;
    if (steps.length > 0) {
      const fresh = steps.map((step) => ({ ...step, startMs: before + step.startMs }));
      const { given, others, known } = follow(remembered, fresh, clusters, {
        directionOf,
        // Elsewhere two seldom talk at once, and a name that is wrongly shown is worse than one that comes with the second look.
        atOnce: isRoom(recording) ? atOnceIn(recording) : undefined,
      });
      remembered = remember(
        known,
        fresh.map((step, i) => ({ ...step, clusterId: given[i] })),
      );
      const offsetMs = msOf(window.start);
      const beside = piecesOf(steps, others, offsetMs, clusters);
      // Last, since who speaks is who spoke last, and whoever only interjects is not.
      const pieces = [...piecesOf(steps, given, offsetMs, clusters), ...beside];
      placed.push(...pieces.toSorted((a, b) => (a.spans[0]?.start_ms ?? 0) - (b.spans[0]?.start_ms ?? 0)));
    }
    history = { steps: remembered, recording, heardMs };
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
      ),
    },
  };
}

function msOf(samples: number): number {
  return (samples * 1_000) / sampleRateHz;
}

/** Steps of one cluster behind each other, with nobody else between them. */
function piecesOf(
  steps: readonly MeetingStep[],
  given: readonly (string | undefined)[],
  offsetMs: number,
  clusters: Clusters,
): PlacedPiece[] {
  const runs: { clusterId: string | undefined; steps: MeetingStep[] }[] = [];
  for (const [i, step] of steps.entries()) {
    const last = runs.at(-1);
    if (last && last.clusterId === given[i]) last.steps.push(step);
    else runs.push({ clusterId: given[i], steps: [step] });
  }
  return runs.flatMap((run) => {
    if (run.clusterId === undefined) return [];
    const spans: Span[] = [];
    for (const { startMs, endMs } of run.steps) {
      const [start_ms, end_ms] = [Math.round(offsetMs + startMs), Math.round(offsetMs + endMs)];
      const before = spans.at(-1);
      if (before && start_ms - before.end_ms <= following.maxPauseMs) spans[spans.length - 1] = { ...before, end_ms };
      else spans.push({ start_ms, end_ms });
    }
    const heard = run.steps.find(({ frames }) => frames > 0);
    const score = heard && clusters.scoreOf(run.clusterId, centroidOf(heard));
    const seconds = run.steps.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0) / 1_000;
    clusters.lastClusterId = run.clusterId;
    return [{ match: { clusterId: run.clusterId, score }, seconds, spans }];
  });
}
