/** What the adapter keeps in `state.config` from window to window, beside what others keep there. */
import * as z from "zod";
import { clusterIdSchema, type SpeakerState } from "../../../schemas/speech/speakers.ts";
import { limits } from "../../../schemas/limits.ts";

const memorySchema = z.object({
  /** Which model the centroids are of: see `modelId`. */
  model: z.string().max(limits.maxShortTextChars),
  floor_db: z.number().optional(),
  last_cluster_id: clusterIdSchema.optional(),
  /** Clusters opened so far: see ClusterIds. */
  opened: z.int().min(0).optional(),
  /** Clusters with a centroid of this length that this model didn't make. */
  foreign: z.array(clusterIdSchema).max(limits.maxClusters),
});
export type Memory = z.infer<typeof memorySchema>;

const key = "onnx_resolver";

/**
 * Under another model than before, or none, all that is in the state is foreign: its centroids may be as long as ours
 * and still mean nothing.
 */
export function readMemory({ config, clusters }: SpeakerState, model: string): Memory {
  const parsed = memorySchema.safeParse(config[key]);
  if (parsed.success && parsed.data.model === model) return parsed.data;
  return {
    model,
    floor_db: parsed.data?.floor_db,
    opened: parsed.data?.opened,
    foreign: clusters.flatMap(({ cluster_id, centroid }) => (centroid.length > 0 ? [cluster_id] : [])),
  };
}

export function withMemory(config: SpeakerState["config"], memory: Memory): SpeakerState["config"] {
  const { floor_db: floorDb } = memory;
  return {
    ...config,
    [key]: { ...memory, floor_db: floorDb === undefined ? undefined : Math.round(floorDb * 10) / 10 },
  };
}
