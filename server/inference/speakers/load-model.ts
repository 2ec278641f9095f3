/** From a path to an embedder that works, or one sentence about why there is none. */
import { spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../../../schemas/lib/failure.ts";
import { type Embedder, importSherpa, loadEmbedder, type ModelOptions } from "./embedder.ts";

const probePath = fileURLToPath(new URL("./probe-model.ts", import.meta.url));
const probeTimeoutMs = 60_000;

/** @throws Failure where the model or sherpa-onnx-node is of no use. */
export async function loadModel(options: ModelOptions): Promise<Embedder> {
  const file = await stat(options.path).catch(() => undefined);
  if (!file?.isFile()) throw new Failure(`--speaker-model: there is no file ${options.path}.`);
  importSherpa();
  const complaint = await probeModel(options.path);
  if (complaint !== undefined) throw new Failure(`${basename(options.path)} can't be used: ${complaint}`);
  return loadEmbedder(options);
}

/** @returns what is wrong with the model; undefined where it works. */
async function probeModel(path: string): Promise<string | undefined> {
  // With the loader that runs this file.
  const child = spawn(process.execPath, [...process.execArgv, probePath, path], {
    stdio: ["ignore", "ignore", "pipe"],
    timeout: probeTimeoutMs,
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (...end) => resolve(end));
  });
  if (code === 0) return undefined;
  return reasonIn(said) ?? `sherpa-onnx ended with ${signal ?? `code ${code}`} and said nothing`;
}

/** The first line that says something, without the place in sherpa-onnx's source and C++'s framing. */
function reasonIn(said: string): string | undefined {
  return said
    .split("\n")
    .map((line) =>
      line
        .replace(/^\S+\.(?:cc|h|cpp):\S+:\d+ /, "")
        .replace(/^\s*what\(\): */, "")
        .trim(),
    )
    .find((line) => line !== "" && !line.startsWith("terminate called"));
}
