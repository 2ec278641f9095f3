/** Numbers of speech recognition, measured with `npm run eval:speech` and held by `test/contract/inference-stt.test.ts`. */
import type { ModelFile } from "../threads/model-file.ts";

export const moonshineFiles = {
  encoder: {
    package: "@moonshine-ai/moonshine-js",
    path: "dist/model/tiny/quantized/encoder_model.onnx",
    sha256: "c6fc4b7bc5af75c0591fd157a1f3829b533d18e9769a888fd95a62e470dd4f4a",
  },
  decoder: {
    package: "@moonshine-ai/moonshine-js",
    path: "dist/model/tiny/quantized/decoder_model_merged.onnx",
    sha256: "eed87831c3a6103534aae7d47a5d485025c659a1323901513961c39fe8a1a367",
  },
} as const satisfies Record<string, ModelFile>;

export const sileroFile: ModelFile = {
  package: "@ricky0123/vad-web",
  path: "dist/silero_vad_v6.onnx",
  sha256: "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
};

/** Silero's own: a window of samples, and how many of the one before it hears again. */
export const vad = { windowSamples: 512, contextSamples: 64 } as const;
const windowsPerSecond = 16_000 / vad.windowSamples;
const windows = (seconds: number): number => Math.round(seconds * windowsPerSecond);

/** How speech is cut into pieces. Lengths are in windows of 32 ms. */
export const cutting = {
  /** Speech begins at this probability, and ends below the lower one. */
  begins: 0.5,
  ends: 0.35,
  /** A pause this long ends a piece: people who take turns leave no more. */
  pauseWindows: windows(0.2),
  /** One that ends a piece which is still short: the model hears few words badly. */
  longPauseWindows: windows(0.5),
  shortWindows: windows(1.5),
  /** The model was trained on pieces no longer than this. */
  maxWindows: windows(11.6),
  /** A piece that grows too long is cut where there is least speech, but not before this. */
  leastWindows: windows(5),
  /** Less speech than this is a click or a cough. */
  leastSpeechWindows: windows(0.16),
  /** Silence that a piece is given on both sides: a word's edge is quieter than its middle. */
  marginWindows: windows(0.19),
} as const;

/** What is taken for words that nobody said. */
export const doubt = {
  /** Mean log-probability of a piece's tokens, below which it is no speech that the model understands. */
  leastLogProb: -0.9,
  /** The same where Silero itself is in doubt whether it is speech. */
  leastLogProbOfFaint: -0.5,
  faintSpeech: 0.7,
  /** The same few words again and again: the model has lost its thread. */
  maxRepeats: 4,
} as const;
