/** Speech into a vector of the model, by sherpa-onnx. Knows no speakers. */
// oxlint-disable-next-line typescript/triple-slash-reference -- ambient: who imports this file needs it, too.
/// <reference path="./sherpa-onnx-node.d.ts" />
import { createRequire } from "node:module";
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
export function loadEmbedder({ path, threads }: ModelOptions): Embedder {
  const { SpeakerEmbeddingExtractor } = importSherpa();
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

/** Native code has a folder of its own, so that the install of the repository is without it. */
const native = createRequire(new URL("../native/package.json", import.meta.url));
const install = "`npm ci --prefix server/inference/native`";

/** @throws Failure where it can't be imported, with what to do about it. */
export function importSherpa(): typeof sherpaOnnx {
  try {
    return native("sherpa-onnx-node") as typeof sherpaOnnx;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "MODULE_NOT_FOUND" && !isInstalled())
      throw new Failure(`sherpa-onnx-node is not installed: run ${install} once (32 MB).`);
    // Its own way to say that the platform's package is missing, over many lines.
    throw new Failure(
      `sherpa-onnx-node has nothing to run on ${process.platform}-${process.arch}: run ${install} on this machine, ` +
        "or use another one.",
    );
  }
}

function isInstalled(): boolean {
  try {
    native.resolve("sherpa-onnx-node");
    return true;
  } catch {
    return false;
  }
}
