/** One window: who speaks in it, and what is known of the meeting's speakers after it. Pure: state in, state out. */
import { chunkMs, sampleRateHz } from "../../schemas/audio.ts";
import type { SpeakerState } from "../../schemas/speakers.ts";
import { Clusters, type Match, type Merge } from "./clusters.ts";
import { cutIntoPieces, type Piece } from "./cut.ts";
import { createVoiceSpace } from "./embedding.ts";
import { extractFeatures } from "./features.ts";
import { channelOf, readMemory, withMemory } from "./memory.ts";
import { channels } from "./model.ts";
import { findIntroduction } from "./names.ts";
import { detectSpeech, type Run } from "./speech.ts";
import { createAccumulator, emptyStatistics, runningTotals } from "./statistics.ts";
import { trainedModel } from "./trained-model.ts";
import { clustering, cut, front, framesPerSecond } from "./tuning.ts";

export interface Segment {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly cluster_id: string;
}

export interface Resolution {
  /** Who speaks most; where nobody does, who spoke last, else `noCluster`. */
  readonly cluster_id: string;
  readonly speaker_name: string | null;
  readonly decision: "auto" | "confirm" | "unknown";
  readonly evidence: {
    readonly sv_score: number | null;
    readonly threshold_low: number;
    readonly threshold_high: number;
    readonly segment_count: number;
    readonly name_hit?: string;
    readonly roster_hit?: string;
  };
  readonly updated_state: SpeakerState;
  readonly segments: readonly Segment[];
  readonly merges: readonly Merge[];
}

/** The `cluster_id` of an answer when nobody has spoken yet. No such cluster is in the state. */
export const noCluster = "none";

const accumulate = createAccumulator(trainedModel);
const space = createVoiceSpace(trainedModel);

/** @param samples mono, 16 kHz. */
export function resolveWindow(samples: Int16Array, asrText: string | null, state: SpeakerState): Resolution {
  const memory = readMemory(state.config);
  const distances = memory.channel_distances?.slice() ?? Array.from({ length: channels }, () => 0);
  const directionOf = (voice: Float64Array): Float64Array | undefined => space.directionOf(voice, channelOf(distances));
  const clusters = new Clusters(state, { lastClusterId: memory.last_cluster_id, opened: memory.opened }, directionOf);
  let floorDb = memory.floor_db;
  const placed: { piece: Piece; match: Match; offsetMs: number; samples: number }[] = [];
  for (const { start, end } of split(samples.length)) {
    const window = samples.subarray(start, end);
    const features = extractFeatures(window);
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
        piece,
        match: clusters.place(piece),
        offsetMs: msOf(start),
        samples: window.length,
      });
  }
  const known = placed.flatMap((entry) =>
    entry.match.clusterId === undefined ? [] : [{ ...entry, clusterId: clusters.survivorOf(entry.match.clusterId) }],
  );
  const segments = known.flatMap(({ piece, clusterId, offsetMs, samples: length }) =>
    spansOf(piece.runs, offsetMs, length).map((span) => ({
      ...span,
      cluster_id: clusterId,
    })),
  );
  const main = mostSpeech(known.map(({ piece, clusterId }) => ({ clusterId, seconds: piece.seconds })));
  const naming = main === undefined ? undefined : bindName(clusters, main, asrText, state);
  const scores = known.flatMap(({ clusterId, match }) =>
    clusterId === main && match.score !== undefined ? [match.score] : [],
  );
  return {
    cluster_id: main ?? clusters.lastClusterId ?? noCluster,
    speaker_name: main === undefined ? null : (clusters.nameOf(main) ?? null),
    decision: main === undefined ? "unknown" : naming?.decided ? "auto" : "confirm",
    evidence: {
      sv_score: scores.length > 0 ? Math.round(Math.max(...scores) * 1_000) / 1_000 : null,
      threshold_low: clustering.join,
      threshold_high: clustering.merge,
      segment_count: segments.length,
      ...naming?.evidence,
    },
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
    segments,
    merges: clusters.merges,
  };
}

/** Long audio in equal pieces near the best window length, each but the last of whole milliseconds. */
function split(length: number): Run[] {
  const best = (cut.windowMs / chunkMs) * sampleRateHz;
  const count = Math.max(1, Math.round(length / best));
  const samplesPerMs = sampleRateHz / chunkMs;
  const edge = (i: number): number =>
    i === count ? length : Math.round((i * length) / count / samplesPerMs) * samplesPerMs;
  return Array.from({ length: count }, (_, i) => ({ start: edge(i), end: edge(i + 1) }));
}

function msOf(samples: number): number {
  return Math.round((samples * chunkMs) / sampleRateHz);
}

/** A frame is 25 ms long; speech is taken to begin and end in its middle, but for the window's own ends. */
function spansOf(runs: readonly Run[], offsetMs: number, samples: number): { start_ms: number; end_ms: number }[] {
  const hopMs = chunkMs / framesPerSecond;
  const marginMs = ((front.frameSamples - front.hopSamples) / 2 / sampleRateHz) * chunkMs;
  const frames = Math.floor((samples - front.frameSamples) / front.hopSamples) + 1;
  return runs.map(({ start, end }) => ({
    start_ms: offsetMs + (start === 0 ? 0 : Math.round(start * hopMs + marginMs)),
    end_ms: offsetMs + (end >= frames ? msOf(samples) : Math.round(end * hopMs + marginMs)),
  }));
}

function mostSpeech(pieces: readonly { clusterId: string; seconds: number }[]): string | undefined {
  const seconds = new Map<string, number>();
  for (const piece of pieces) seconds.set(piece.clusterId, (seconds.get(piece.clusterId) ?? 0) + piece.seconds);
  return [...seconds].toSorted((a, b) => b[1] - a[1])[0]?.[0];
}

interface Naming {
  /** The words alone decide: an introduction in the first person by a name of the roster. */
  readonly decided: boolean;
  readonly evidence: { name_hit?: string; roster_hit?: string };
}

/** An introduction names who speaks most in the window: words carry no times, so it can't be told better. */
function bindName(clusters: Clusters, clusterId: string, asrText: string | null, state: SpeakerState): Naming {
  const introduction = findIntroduction(asrText ?? "", state.roster?.map(({ name }) => name) ?? []);
  if (!introduction) return { decided: false, evidence: {} };
  const { said, rosterName, strong } = introduction;
  if (rosterName === undefined) return { decided: false, evidence: { name_hit: said } };
  if (!clusters.isNameTaken(rosterName)) clusters.bind(clusterId, rosterName);
  return {
    decided: strong && clusters.nameOf(clusterId) === rosterName,
    evidence: { name_hit: said, roster_hit: rosterName },
  };
}
