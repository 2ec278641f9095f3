/** What the pieces of a request say together: who speaks, by what name, and how sure that is. Knows no model. */
import type { SpeakerState } from "../../../schemas/speech/speakers.ts";
import type { Clusters, Match, Merge } from "./clusters.ts";
import { ExpectedNames, findIntroduction } from "./names.ts";
import type { ClusteringRules } from "./tuning.ts";
import type { Span } from "./windows.ts";

export interface Segment extends Span {
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

/** A piece of one voice, after it was placed. */
export interface PlacedPiece {
  readonly match: Match;
  readonly seconds: number;
  readonly spans: readonly Span[];
}

/** @returns all of the answer but the state: `clusters`, which a name may have been bound in, are to be read after. */
export function composeAnswer(
  placed: readonly PlacedPiece[],
  clusters: Clusters,
  { asrText, state, rules }: { asrText: string | null; state: SpeakerState; rules: ClusteringRules },
): Omit<Resolution, "updated_state"> {
  const known = placed.flatMap((piece) =>
    piece.match.clusterId === undefined ? [] : [{ ...piece, clusterId: clusters.survivorOf(piece.match.clusterId) }],
  );
  const segments = known.flatMap(({ spans, clusterId }) => spans.map((span) => ({ ...span, cluster_id: clusterId })));
  const main = mostSpeech(known);
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
      threshold_low: rules.join,
      threshold_high: rules.merge,
      segment_count: segments.length,
      ...naming?.evidence,
    },
    segments,
    merges: clusters.merges,
  };
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
  const names = new ExpectedNames(state.roster?.map(({ name }) => name) ?? []);
  const introduction = findIntroduction(asrText ?? "", names);
  if (!introduction) return { decided: false, evidence: {} };
  const { said, rosterName, strong } = introduction;
  if (rosterName === undefined) return { decided: false, evidence: { name_hit: said } };
  if (!clusters.isNameTaken(rosterName)) clusters.bind(clusterId, rosterName);
  return {
    decided: strong && clusters.nameOf(clusterId) === rosterName,
    evidence: { name_hit: said, roster_hit: rosterName },
  };
}
