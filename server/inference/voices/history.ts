/** The steps of the last two minutes of speech, kept in `state.config` from window to window: the service itself keeps nothing. */
import * as z from "zod";
import { decodeBase64, encodeBase64 } from "../../../schemas/wire/base64.ts";
import { clusterIdSchema, type SpeakerState } from "../../../schemas/speech/speakers.ts";
import type { Step } from "./heard-steps.ts";
import { following } from "./tuning.ts";

export interface RememberedStep extends Step {
  /** Undefined where it was given to nobody. */
  readonly clusterId: string | undefined;
}

const historySchema = z.object({
  /** What the steps name by their place. */
  ids: z.array(clusterIdSchema).max(250),
  steps_b64: z.string().max(200_000),
});

const key = "voice_history";
/** Cluster (0 for none), frames with the pause before as the highest bit, then a byte for each value. */
const headBytes = 2;
const pauseBit = 128;
const scale = 127;

/** @param values of a voice. @returns nothing where there is none, or none that can be read. */
export function readHistory({ config }: SpeakerState, values: number): RememberedStep[] {
  const parsed = historySchema.safeParse(config[key]);
  const bytes = parsed.success ? decodeBase64(parsed.data.steps_b64) : undefined;
  const size = headBytes + values;
  if (!parsed.success || !bytes?.ok || bytes.value.length % size !== 0) return [];
  const view = new DataView(bytes.value.buffer, bytes.value.byteOffset, bytes.value.byteLength);
  return Array.from({ length: Math.min(following.remembered, bytes.value.length / size) }, (_, i) => {
    const frames = view.getUint8(i * size + 1);
    return {
      clusterId: parsed.data.ids[view.getUint8(i * size) - 1],
      frames: frames % pauseBit,
      isFirst: frames >= pauseBit,
      voice: Float64Array.from({ length: values }, (__, d) => view.getInt8(i * size + headBytes + d) / scale),
    };
  });
}

export function withHistory(
  config: SpeakerState["config"],
  all: readonly RememberedStep[],
  values: number,
): SpeakerState["config"] {
  const steps = all.slice(-following.remembered);
  const ids = [...new Set(steps.flatMap(({ clusterId }) => (clusterId === undefined ? [] : [clusterId])))].slice(
    0,
    250,
  );
  const size = headBytes + values;
  const bytes = new Uint8Array(steps.length * size);
  const view = new DataView(bytes.buffer);
  for (const [i, { clusterId, frames, isFirst, voice }] of steps.entries()) {
    view.setUint8(i * size, clusterId === undefined ? 0 : ids.indexOf(clusterId) + 1);
    view.setUint8(i * size + 1, Math.min(frames, pauseBit - 1) + (isFirst ? pauseBit : 0));
    voice.forEach((value, d) => {
      view.setInt8(i * size + headBytes + d, Math.round(value * scale));
    });
  }
  return { ...config, [key]: { ids, steps_b64: encodeBase64(bytes) } };
}
