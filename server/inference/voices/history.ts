/**
 * Steps of everybody who spoke, kept in `state.config` from window to window: the service itself keeps nothing. Whoever has most of
 * them loses the oldest first, so that somebody who was silent for an hour is still known by what they said.
 */
import * as z from "zod";
import { decodeBase64, encodeBase64 } from "../../../schemas/wire/base64.ts";
import { clusterIdSchema, type SpeakerState } from "../../../schemas/speech/speakers.ts";
import { channels, voiceValues } from "../../shared/diarizer/model.ts";
import { toUnit } from "../../shared/diarizer/vectors.ts";
import { nothingHeard, type Recording, type Voice } from "./both-voices.ts";
import { following } from "./tuning.ts";

/** Of a window that is under way, or of one before. */
export interface HeardStep extends Voice {
  /** Of speech and silence that was heard before it. */
  readonly startMs: number;
  readonly frames: number;
  readonly isFirst: boolean;
}

export interface RememberedStep extends HeardStep {
  /** Undefined where it was given to nobody. */
  readonly clusterId: string | undefined;
}

export interface History {
  readonly steps: readonly RememberedStep[];
  readonly recording: Recording;
  /** Of all windows so far. */
  readonly heardMs: number;
}

const historySchema = z.object({
  /** Another number with another projection, or another way to keep steps. */
  version: z.literal(2),
  heard_ms: z.int().min(0),
  distances: z.array(z.number()).length(channels),
  distances_of: z.int().min(0),
  /** How much of a meeting room is in the recording; states that earlier versions wrote have none. */
  room: z.number().default(0),
  /** What the steps name by their place. */
  ids: z.array(clusterIdSchema).max(250),
  steps_b64: z.string().max(200_000),
});

const key = "voice_history";
const empty: History = { steps: [], recording: nothingHeard, heardMs: 0 };
/**
 * Cluster (0 for none), frames with the pause before as the highest bit, when it was, the classical voice's scale; then a byte for each
 * value of the network's, and half of one for each of the classical voice's: finer ones made no difference.
 */
const at = { frames: 1, startMs: 2, scale: 6, values: 10 } as const;
const pauseBit = 128;
const mostInByte = 127;
const mostInHalf = 7;
const zeroOfHalf = 8;

/** @param neural values of a voice. @returns nothing where there is none, or none that can be read. */
export function readHistory({ config }: SpeakerState, neural: number): History {
  const parsed = historySchema.safeParse(config[key]);
  const bytes = parsed.success ? decodeBase64(parsed.data.steps_b64) : undefined;
  const size = at.values + neural + voiceValues / 2;
  if (!parsed.success || !bytes?.ok || bytes.value.length % size !== 0) return empty;
  const { ids, distances, distances_of, room, heard_ms } = parsed.data;
  const view = new DataView(bytes.value.buffer, bytes.value.byteOffset, bytes.value.byteLength);
  const steps = Array.from({ length: Math.min(following.remembered, bytes.value.length / size) }, (_, i) => {
    const from = i * size;
    const frames = view.getUint8(from + at.frames);
    const scale = view.getFloat32(from + at.scale);
    const classicalFrom = from + at.values + neural;
    return {
      clusterId: ids[view.getUint8(from) - 1],
      startMs: view.getUint32(from + at.startMs),
      frames: frames % pauseBit,
      isFirst: frames >= pauseBit,
      neural: Float64Array.from({ length: neural }, (__, d) => view.getInt8(from + at.values + d) / mostInByte),
      classical: Float64Array.from({ length: voiceValues }, (__, d) => {
        const both = view.getUint8(classicalFrom + Math.floor(d / 2));
        return ((d % 2 === 0 ? both >> 4 : both & 15) - zeroOfHalf) * scale;
      }),
    };
  });
  return { steps, recording: { distances, room, steps: distances_of }, heardMs: heard_ms };
}

export function withHistory(
  config: SpeakerState["config"],
  { steps, recording, heardMs }: History,
): SpeakerState["config"] {
  const ids = [...new Set(steps.flatMap(({ clusterId }) => clusterId ?? []))].slice(0, 250);
  const size = at.values + (steps[0]?.neural.length ?? 0) + voiceValues / 2;
  const bytes = new Uint8Array(steps.length * size);
  const view = new DataView(bytes.buffer);
  for (const [i, { clusterId, startMs, frames, isFirst, neural, classical }] of steps.entries()) {
    const from = i * size;
    const unit = toUnit(Float64Array.from(neural)) ?? neural;
    const scale = Math.max(...Array.from(classical, Math.abs)) / mostInHalf || 1;
    view.setUint8(from, clusterId === undefined ? 0 : ids.indexOf(clusterId) + 1);
    view.setUint8(from + at.frames, Math.min(frames, pauseBit - 1) + (isFirst ? pauseBit : 0));
    view.setUint32(from + at.startMs, startMs);
    view.setFloat32(from + at.scale, scale);
    unit.forEach((value, d) => view.setInt8(from + at.values + d, Math.round(value * mostInByte)));
    const halfOf = (d: number): number => zeroOfHalf + Math.round((classical[d] ?? 0) / scale);
    for (let d = 0; d < voiceValues; d += 2)
      view.setUint8(from + at.values + neural.length + d / 2, (halfOf(d) << 4) | halfOf(d + 1));
  }
  const distances = recording.distances.map((distance) => Math.round(distance * 100) / 100);
  const kept: z.infer<typeof historySchema> = {
    version: 2,
    heard_ms: heardMs,
    distances,
    distances_of: recording.steps,
    room: Math.round(recording.room * 100) / 100,
    ids,
    steps_b64: encodeBase64(bytes),
  };
  return { ...config, [key]: kept };
}

/** Some of the new steps join those that are remembered; whoever has most loses the oldest, and what is nobody's goes first. */
export function remember(known: readonly RememberedStep[], fresh: readonly RememberedStep[]): RememberedStep[] {
  let place = 0;
  const joining = fresh.filter(({ isFirst }) => {
    place = isFirst ? 0 : place + 1;
    return place % following.every === 0;
  });
  const all = [...known, ...joining];
  const of = Map.groupBy(all, ({ clusterId }) => clusterId);
  for (let over = all.length - following.remembered; over > 0; over--) {
    const largest = of.get(undefined) ?? [...of.values()].reduce((a, b) => (b.length > a.length ? b : a));
    largest.shift();
    if (largest.length === 0) of.delete(undefined);
  }
  const kept = new Set([...of.values()].flat());
  return all.filter((step) => kept.has(step));
}
