/** The edges of what the room takes as speaker state. */
import { expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { speakerStateSchema } from "../../schemas/speech/speakers.ts";

function stateWith(centroid: readonly number[], clusters = 1): unknown {
  const list = Array.from({ length: clusters }, (_, i) => ({ cluster_id: `c${i}`, centroid, sample_count: 1 }));
  return { clusters: list, bindings: {}, config: {} };
}

test.each([
  [
    "[limit:maxCentroidValues] the longest centroid",
    stateWith(Array.from({ length: limits.maxCentroidValues }, () => 0.5)),
    true,
  ],
  [
    "[limit:maxCentroidValues] one value more",
    stateWith(Array.from({ length: limits.maxCentroidValues + 1 }, () => 0.5)),
    false,
  ],
  ["[limit:maxClusters] as many clusters as may be", stateWith([1], limits.maxClusters), true],
  ["[limit:maxClusters] one cluster more", stateWith([1], limits.maxClusters + 1), false],
  ["a NaN", stateWith([Number.NaN]), false],
  ["an infinity", stateWith([Number.POSITIVE_INFINITY]), false],
])("[S1] a state with %s", (_name, state, isTaken) => {
  expect(speakerStateSchema.safeParse(state).success).toBe(isTaken);
});
