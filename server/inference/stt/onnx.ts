/** onnxruntime as WebAssembly, in the thread that imports this: it computes on that thread alone and downloads nothing. */
import * as ort from "onnxruntime-web";
import { type ModelFile, readModelFile } from "../threads/model-file.ts";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

export { Tensor } from "onnxruntime-web";
export type Session = ort.InferenceSession;

/** @throws Failure where the file is not the one that was checked. */
export function openSession(file: ModelFile): Promise<Session> {
  return openBytes(readModelFile(file));
}

/** @param model of bytes that were checked. */
export function openBytes(model: Uint8Array<ArrayBuffer>): Promise<Session> {
  return ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
}
