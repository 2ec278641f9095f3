/**
 * Tries a model in a process of its own: sherpa-onnx ends the process (exit, abort, or a segmentation fault) for a file
 * that is no model, or that lacks the metadata it wants. Run by `probeModel`, never by hand; prints nothing but its
 * reasons.
 */
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { limits } from "../../../schemas/limits.ts";
import { Failure, sentenceOf } from "../../../schemas/lib/failure.ts";
import { loadEmbedder } from "./embedder.ts";

try {
  const { values, embed } = loadEmbedder({ path: process.argv[2] ?? "", threads: 1 });
  if (values < 2 || values > limits.maxCentroidValues)
    throw new Failure(`its embeddings have ${values} values, and a state takes 2 to ${limits.maxCentroidValues}`);
  const buzz = Int16Array.from({ length: sampleRateHz }, (_, i) => 8_000 * ((i % 133) / 133 - 0.5));
  const first = embed(buzz);
  const second = embed(buzz);
  if (first.some((value, i) => value !== second[i]) || !first.some((value) => value !== 0))
    throw new Failure(`it gives no stable embedding of ${values} values; is output_dim in its metadata right?`);
} catch (cause) {
  console.error(cause instanceof Error && !(cause instanceof Failure) ? cause.message : sentenceOf(cause));
  process.exitCode = 1;
}
