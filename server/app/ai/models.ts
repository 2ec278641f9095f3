/** Which models there are, in order of preference, and how they are asked one after the other. */
import { err, type Result } from "../../../schemas/lib/result.ts";
import type { ModelName, SpeechConfig } from "../../shared/config/speech.ts";
import type { ModelFault, Synthesizer, Transcriber } from "./ports.ts";
import { openAiSpeech } from "./providers/openai.ts";

/** Those that are set up; none where no service is. */
export function modelsIn(config: SpeechConfig, names: readonly ModelName[]): (Transcriber & Synthesizer)[] {
  return names.flatMap(({ provider, model }) => {
    const name = `${provider}/${model}`;
    switch (provider) {
      case "embedded": {
        const { embeddedBaseUrl: baseUrl } = config;
        return baseUrl === undefined ? [] : [openAiSpeech({ name, baseUrl, apiKey: undefined, isOwn: true })];
      }
      case "openai":
        return [openAiSpeech({ name, baseUrl: config.openAiBaseUrl, apiKey: config.openAiApiKey, isOwn: false })];
    }
  });
}

export interface Answered {
  /** Who answered, as `provider/model`. */
  readonly model: string;
  readonly response: Response;
}

/** Asks the next one where one fails: nothing of an answer is out by then. A caller's own fault is nobody else's to find. */
export async function firstAnswer<M extends { readonly name: string }>(
  models: readonly M[],
  ask: (model: M) => Promise<Result<Response, ModelFault>>,
): Promise<Result<Answered, ModelFault>> {
  let last: ModelFault = { reason: "unavailable", retryAfterSeconds: undefined };
  for (const model of models) {
    const answer = await ask(model);
    if (answer.ok) return { ok: true, value: { model: model.name, response: answer.value } };
    last = answer.error;
    if (last.reason === "refused") break;
  }
  return err(last);
}
