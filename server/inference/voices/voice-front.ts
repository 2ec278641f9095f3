/**
 * What the front of Moonshine's encoder hears of a voice: the values behind its convolutions and behind its first layer, pooled
 * over stretches of speech. What is deeper knows words, and speakers no more.
 */
import { openBytes, type Session, Tensor } from "../stt/onnx.ts";
import { moonshineFiles } from "../stt/tuning.ts";
import { readModelFile } from "../threads/model-file.ts";
import { cutGraph } from "./onnx-graph.ts";

const layers = ["/Transpose_output_0", "/layers.0/Add_1_output_0"] as const;
const width = 288;

/** A frame is of this many samples; the middle of the first one is as far into the audio as its convolutions reach, halved. */
export const frontFrames = { samples: 384, firstMiddle: 447 } as const;
/** Mean and deviation of both layers. */
export const pooledValues = layers.length * 2 * width;

export async function loadVoiceFront(): Promise<VoiceFront> {
  return new VoiceFront(await openBytes(cutGraph(readModelFile(moonshineFiles.encoder), layers)));
}

export class VoiceFront {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** @param samples 16 kHz, −1 to 1; best of about four seconds, as the projection was trained. */
  async hear(samples: Float32Array): Promise<FrontFrames> {
    const output = await this.#session.run({ input_values: new Tensor("float32", samples, [1, samples.length]) });
    return new FrontFrames(layers.map((name) => output[name]?.data as Float32Array));
  }
}

export class FrontFrames {
  readonly count: number;
  readonly #layers: readonly Float32Array[];

  constructor(of: readonly Float32Array[]) {
    this.#layers = of;
    this.count = Math.floor((of[0]?.length ?? 0) / width);
  }

  /** @returns mean and deviation of the frames that are named. */
  pool(frames: readonly number[]): Float64Array {
    const sums = new Float64Array(pooledValues);
    for (const frame of frames) this.addTo(sums, frame);
    return pooledOf(sums, frames.length);
  }

  /** Adds a frame to sums that `pooledOf` takes. */
  addTo(sums: Float64Array, frame: number): void {
    for (const [l, layer] of this.#layers.entries()) {
      for (let d = 0; d < width; d++) {
        const value = layer[frame * width + d] ?? 0;
        const at = 2 * l * width + d;
        sums[at] = (sums[at] ?? 0) + value;
        sums[at + width] = (sums[at + width] ?? 0) + value * value;
      }
    }
  }
}

/** @param sums of each layer: values, then their squares. @returns of each layer: mean, then deviation. */
export function pooledOf(sums: Float64Array, frames: number): Float64Array {
  const pooled = new Float64Array(pooledValues);
  for (let l = 0; l < layers.length; l++) {
    for (let d = 0; d < width; d++) {
      const at = 2 * l * width + d;
      const average = (sums[at] ?? 0) / frames;
      pooled[at] = average;
      pooled[at + width] = Math.sqrt(Math.max(1e-8, (sums[at + width] ?? 0) / frames - average * average));
    }
  }
  return pooled;
}
