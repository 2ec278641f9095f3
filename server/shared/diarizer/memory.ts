/** What the resolver keeps in `state.config` from window to window, beside what others keep there. */
import * as z from "zod";
import { clusterIdSchema, type SpeakerState } from "../../../schemas/speech/speakers.ts";
import { channels } from "./model.ts";

const memorySchema = z.object({
  floor_db: z.number().optional(),
  last_cluster_id: clusterIdSchema.optional(),
  /** Clusters opened so far: see ClusterIds. */
  opened: z.int().min(0).optional(),
  /** Of the meeting's speech so far to the average voice of each channel, times seconds: the nearest is the meeting's. */
  channel_distances: z.array(z.number()).length(channels).optional(),
});
type Memory = z.infer<typeof memorySchema>;

const key = "embedded_resolver";

/** Empty where there is none, or none that can be read. */
export function readMemory(config: SpeakerState["config"]): Memory {
  const parsed = memorySchema.safeParse(config[key]);
  return parsed.success ? parsed.data : {};
}

export function withMemory(config: SpeakerState["config"], memory: Memory): SpeakerState["config"] {
  return {
    ...config,
    [key]: {
      ...memory,
      ...(memory.floor_db === undefined ? {} : { floor_db: Math.round(memory.floor_db * 10) / 10 }),
      ...(memory.channel_distances
        ? { channel_distances: memory.channel_distances.map((distance) => Math.round(distance * 100) / 100) }
        : {}),
    },
  };
}

/** The kind of recording, as an index of the model's centres. */
export function channelOf(distances: readonly number[]): number {
  return distances.indexOf(Math.min(...distances));
}
