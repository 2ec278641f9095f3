/** The models that a deployment has, made out of their names: whom to ask where. */
import { fliteVoiceNamed, fliteVoices } from "../../../schemas/speech/voices.ts";
import { type ModelName, modelNameOf, type SpeechConfig } from "../../shared/config/speech.ts";
import type { Candidate } from "./ask-in-turn.ts";
import { circuitOf } from "./circuits.ts";
import type { Synthesizer, Transcriber } from "./ports.ts";
import type { OpenAiService } from "./providers/openai-http.ts";
import { openAiSynthesizer } from "./providers/openai-synthesizer.ts";
import { openAiTranscriber } from "./providers/openai-transcriber.ts";
import type { WorkersAi, WorkersAiModel } from "./providers/workers-ai.ts";
import { workersAiSynthesizer } from "./providers/workers-ai-synthesizer.ts";
import { workersAiTranscriber } from "./providers/workers-ai-transcriber.ts";

export interface Providers {
  readonly config: SpeechConfig;
  readonly ai: WorkersAi | undefined;
}

/** @returns undefined where its provider is not set up. */
export function transcriberOf(providers: Providers, name: ModelName): Candidate<Transcriber> | undefined {
  const place = placeOf(providers, name);
  if (!place) return undefined;
  const model = "ai" in place ? workersAiTranscriber(place) : openAiTranscriber(place);
  return { model, kind: "stt", ...aroundOf(providers, name) };
}

export function synthesizerOf(providers: Providers, name: ModelName): Candidate<Synthesizer> | undefined {
  const place = placeOf(providers, name);
  if (!place) return undefined;
  const model = "ai" in place ? workersAiSynthesizer(place) : openAiSynthesizer(place, abilitiesOf(name));
  return { model, kind: "tts", ...aroundOf(providers, name) };
}

function placeOf(
  { config, ai }: Providers,
  { provider, model }: ModelName,
): OpenAiService | WorkersAiModel | undefined {
  const name = modelNameOf({ provider, model });
  switch (provider) {
    case "embedded": {
      const { embeddedBaseUrl: baseUrl } = config;
      return baseUrl === undefined ? undefined : { name, model, baseUrl, apiKey: undefined, isOwn: true };
    }
    case "openai":
      return { name, model, baseUrl: config.openAiBaseUrl, apiKey: config.openAiApiKey, isOwn: false };
    case "workers-ai":
      return ai && { name, model, ai, gatewayId: config.aiGatewayId };
  }
}

const openAiHost = "api.openai.com";

function aroundOf({ config }: Providers, name: ModelName): Omit<Candidate<unknown>, "model" | "kind"> {
  const where = { embedded: config.embeddedBaseUrl, openai: config.openAiBaseUrl, "workers-ai": "" }[name.provider];
  return {
    name: modelNameOf(name),
    isOwn: name.provider === "embedded",
    isPriced: name.provider !== "openai" || new URL(config.openAiBaseUrl).hostname === openAiHost,
    circuit: circuitOf(`${modelNameOf(name)} ${where ?? ""}`),
  };
}

function abilitiesOf({ provider }: ModelName): Parameters<typeof openAiSynthesizer>[1] {
  if (provider !== "embedded") return undefined;
  return { formats: ["wav", "pcm"], voices: fliteVoices, voiceNamed: fliteVoiceNamed };
}
