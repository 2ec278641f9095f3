/** Speech into a vector of the model, by sherpa-onnx. Knows no speakers. */
// oxlint-disable-next-line typescript/triple-slash-reference -- ambient: who imports this file needs it, too.
/// <reference path="./sherpa-onnx-node.d.ts" />
import type sherpaOnnx from "sherpa-onnx-node";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { Failure } from "../../../schemas/lib/failure.ts";

export interface Embedder {
  /** Values of an embedding. */
  readonly values: number;
  /**
   * @param samples mono, 16 kHz; at least half a second.
   * @throws Error where the model gives no numbers.
   */
  readonly embed: (samples: Int16Array) => Float32Array;
}

export interface ModelOptions {
  readonly path: string;
  /** CPU threads of one embedding. */
  readonly threads: number;
}

/**
 * A model that doesn't fit ends the process: try it by `probeModel` first.
 *
 * @throws Failure where sherpa-onnx-node is not installed.
 */
export async function loadEmbedder({ path, threads }: ModelOptions): Promise<Embedder> {
  const { SpeakerEmbeddingExtractor } = await importSherpa();
  const extractor = new SpeakerEmbeddingExtractor({ model: path, numThreads: threads, debug: false });
  return {
    values: extractor.dim,
    embed: (samples) => {
      const stream = extractor.createStream();
      stream.acceptWaveform({
        samples: Float32Array.from(samples, (value) => value / 32_768),
        sampleRate: sampleRateHz,
      });
      stream.inputFinished();
      if (!extractor.isReady(stream)) throw new Error("the audio is too short for the model");
      // Without an external buffer: the values are copied out, and the native memory is freed at once.
      const embedding = extractor.compute(stream, false);
      if (!embedding.every(Number.isFinite)) throw new Error("the model gave an embedding that is not numbers");
      return embedding;
    },
  };
}

/** @throws Failure where it can't be imported, with what to do about it. */
export async function importSherpa(): Promise<typeof sherpaOnnx> {
  try {
    return (await import("sherpa-onnx-node")).default;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND")
      throw new Failure(
        "sherpa-onnx-node is not installed: run `npm ci --prefix server/inference/speakers` once (32 MB).",
      );
    // Its own way to say that the platform's package is missing, over many lines.
    throw new Failure(
      `sherpa-onnx-node has nothing to run on ${process.platform}-${process.arch}: run ` +
        "`npm ci --prefix server/inference/speakers` on this machine, or use another one.",
    );
  }
}
