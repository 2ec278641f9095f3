/** `npm run inference -- --help`: models that run on this machine, served over HTTP until Ctrl-C or SIGTERM. */
import { Failure, sentenceOf } from "../../schemas/lib/failure.ts";
import { openModelList } from "./http/models.ts";
import type { Part } from "./http/part.ts";
import { type InferenceServer, serveParts } from "./http/server.ts";
import { type InferenceOptions, parseInferenceOptions } from "./options.ts";
import { openSpeakers } from "./speakers/part.ts";
import { onStopSignal } from "./stop-signal.ts";
import { openStt, sttModel } from "./stt/part.ts";
import { openTts, ttsModel } from "./tts/part.ts";
import { voiceList } from "./tts/voices.ts";
import { openVoices } from "./voices/part.ts";

let server: InferenceServer | undefined;
onStopSignal(async () => server?.close());

async function run({ host, port, apiKey, speakers }: InferenceOptions): Promise<void> {
  const parts: Part[] = [openStt(), openTts(), openModelList([{ id: sttModel }, { id: ttsModel, voices: voiceList }])];
  parts.push(speakers ? await openSpeakers(speakers) : openVoices());
  server = await serveParts({ host, port, apiKey, parts });
  for (const { summary } of parts) if (summary !== "") console.log(summary);
  if (apiKey === undefined) console.log("No --api-key-env: anyone who reaches this address is answered.");
  console.log(`ready ${server.url}`);
}

try {
  const options = parseInferenceOptions(process.argv.slice(2), process.env);
  if (options) await run(options);
} catch (cause) {
  console.error(sentenceOf(cause));
  process.exit(cause instanceof Failure ? 1 : 70);
}
