/** One window: who speaks in it, and what is known of the meeting's speakers after it. Pure: state in, state out. */
import type { SpeakerState } from "../../../schemas/speech/speakers.ts";
import { composeAnswer, type PlacedPiece, type Resolution } from "./answer.ts";
import { Clusters } from "./clusters.ts";
import { cutIntoPieces } from "./cut.ts";
import { createVoiceSpace } from "./embedding.ts";
import { extractFeatures } from "./features.ts";
import { channelOf, readMemory, withMemory } from "./memory.ts";
import { channels, voiceValues } from "./model.ts";
import { detectSpeech } from "./speech.ts";
import { createAccumulator, emptyStatistics, runningTotals } from "./statistics.ts";
import { trainedModel } from "./trained-model.ts";
import { clustering as rules, cut, framesPerSecond } from "./tuning.ts";
import { spansOf, splitIntoWindows } from "./windows.ts";

const accumulate = createAccumulator(trainedModel);
const space = createVoiceSpace(trainedModel);

/** @param samples mono, 16 kHz. */
export function resolveWindow(samples: Int16Array, asrText: string | null, state: SpeakerState): Resolution {
  const memory = readMemory(state.config);
  const distances = memory.channel_distances?.slice() ?? Array.from({ length: channels }, () => 0);
  const directionOf = (voice: Float64Array): Float64Array | undefined => space.directionOf(voice, channelOf(distances));
  const clusters = new Clusters(
    state,
    { lastClusterId: memory.last_cluster_id, opened: memory.opened },
    { voiceValues, directionOf, rules },
  );
  let floorDb = memory.floor_db;
  const placed: PlacedPiece[] = [];
  for (const window of splitIntoWindows(samples.length)) {
    const features = extractFeatures(samples.subarray(window.start, window.end));
    const speech = detectSpeech(features, floorDb);
    floorDb = speech.floorDb;
    if (speech.runs.length === 0) continue;
    const totals = runningTotals(features, speech.loud, cut.stepFrames, accumulate);
    const all = totals.at(-1) ?? emptyStatistics();
    space.channelDistances(space.voiceOf(all)).forEach((distance, channel) => {
      distances[channel] = (distances[channel] ?? 0) + (all.frames / framesPerSecond) * distance;
    });
    for (const piece of cutIntoPieces(features, speech, totals, { accumulate, voiceOf: space.voiceOf, directionOf }))
      placed.push({
        match: clusters.place(piece),
        seconds: piece.seconds,
        spans: spansOf(piece.runs, window),
      });
  }
  const answer = composeAnswer(placed, clusters, { asrText, state, rules });
  return {
    ...answer,
    updated_state: {
      ...state,
      ...clusters.toState(),
      config: withMemory(state.config, {
        floor_db: floorDb,
        last_cluster_id: clusters.lastClusterId,
        opened: clusters.opened,
        channel_distances: distances,
      }),
    },
  };
}
