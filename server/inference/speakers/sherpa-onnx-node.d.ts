/** As much of sherpa-onnx-node as is used; it comes without types, and may not be installed. */
declare module "sherpa-onnx-node" {
  interface OnlineStream {
    acceptWaveform(audio: { samples: Float32Array; sampleRate: number }): void;
    inputFinished(): void;
  }

  class SpeakerEmbeddingExtractor {
    /** Ends the process, by exit or abort, for most of what can be wrong with a model. */
    constructor(config: { model: string; numThreads: number; debug: boolean });
    /** Values of an embedding, as the model's metadata have it. */
    readonly dim: number;
    createStream(): OnlineStream;
    isReady(stream: OnlineStream): boolean;
    compute(stream: OnlineStream, enableExternalBuffer: boolean): Float32Array;
  }

  /** A CommonJS module. */
  const sherpaOnnx: { readonly SpeakerEmbeddingExtractor: typeof SpeakerEmbeddingExtractor };
  export default sherpaOnnx;
}
