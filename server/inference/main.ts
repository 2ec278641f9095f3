/** `npm run inference -- --help`: a speaker-resolve service with a neural model, until Ctrl-C or SIGTERM. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { Failure, sentenceOf } from "../../schemas/lib/failure.ts";
import { onStopSignal } from "../../scripts/local/stop-signal.ts";
import { loadModel } from "./speakers/load-model.ts";
import { parseResolverOnnxOptions, type ResolverOnnxOptions } from "./options.ts";
import { createNeuralResolve } from "./speakers/resolve.ts";
import { type ResolverServer, serveResolver } from "./http/server.ts";

let server: ResolverServer | undefined;
onStopSignal(async () => server?.close());

async function run({ model, host, port, threshold, threads, apiKey }: ResolverOnnxOptions): Promise<void> {
  const embedder = await loadModel({ path: model, threads });
  const resolve = createNeuralResolve({ embedder, id: await fingerprint(model), threshold });
  server = await serveResolver({ host, port, apiKey, resolve });
  console.log(`${basename(model)}: embeddings of ${embedder.values} values; voices join at a cosine of ${threshold}.`);
  if (apiKey === undefined) console.log("No --api-key-env: anyone who reaches this address is answered.");
  console.log(`ready ${server.url}`);
}

/** Of the file's content: the same model by another name is the same model. */
async function fingerprint(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex").slice(0, 16);
}

try {
  const options = parseResolverOnnxOptions(process.argv.slice(2), process.env);
  if (options) await run(options);
} catch (cause) {
  console.error(sentenceOf(cause));
  process.exit(cause instanceof Failure ? 1 : 70);
}
