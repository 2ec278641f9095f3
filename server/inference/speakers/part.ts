/** The speaker model as a part of the service: the speaker-resolve contract of the gateway. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { createResolveHandler } from "../../shared/diarizer/handle-resolve.ts";
import type { Part } from "../http/part.ts";
import { loadModel } from "./load-model.ts";
import { createNeuralResolve } from "./resolve.ts";

export const resolvePath = "/speaker/resolve";

export interface SpeakersOptions {
  /** Path of the ONNX file. */
  readonly model: string;
  /** Cosine from which speech joins a known voice. */
  readonly threshold: number;
  /** CPU threads of the model. */
  readonly threads: number;
}

/** @throws Failure where the model is of no use. */
export async function openSpeakers({ model, threshold, threads }: SpeakersOptions): Promise<Part> {
  const embedder = await loadModel({ path: model, threads });
  const resolve = createNeuralResolve({ embedder, id: await fingerprint(model), threshold });
  return {
    routes: { [`POST ${resolvePath}`]: createResolveHandler(resolve) },
    summary: `${basename(model)}: embeddings of ${embedder.values} values; voices join at a cosine of ${threshold}.`,
  };
}

/** A hash of the file's content: the same model by another name is the same model. */
async function fingerprint(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex").slice(0, 16);
}
