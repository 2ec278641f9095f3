/** The models that a deployment has, made out of their names: whom to ask where. */
import { fliteVoiceNamed, fliteVoices } from "../../../schemas/speech/voices.ts";
import { type ModelName, modelNameOf, type SpeechConfig } from "../../shared/config/speech.ts";
import type { Candidate } from "./ask-in-turn.ts";
import type { ChatModel } from "./chat-port.ts";
import { circuitOf } from "./circuits.ts";
import type { Call, Synthesizer, Transcriber } from "./ports.ts";
import { openAiChat } from "./providers/openai-chat.ts";
import type { OpenAiService } from "./providers/openai-http.ts";
import { openAiSynthesizer } from "./providers/openai-synthesizer.ts";
import { openAiTranscriber } from "./providers/openai-transcriber.ts";
import type { WorkersAi, WorkersAiModel } from "./providers/workers-ai.ts";
import { workersAiChat } from "./providers/workers-ai-chat.ts";
import { workersAiSynthesizer } from "./providers/workers-ai-synthesizer.ts";
import { workersAiTranscriber } from "./providers/workers-ai-transcriber.ts";

export interface Providers {
  readonly tenant: string;
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

/** @returns undefined also for the model that quotes, which is nobody's to ask. */
export function chatModelOf(providers: Providers, name: ModelName): Candidate<ChatModel> | undefined {
  if (name.provider === "embedded") return undefined;
  const place = placeOf(providers, name);
  if (!place) return undefined;
  const model = "ai" in place ? workersAiChat(place) : openAiChat(throughGateway(providers.config, name, place));
  return { model, kind: "chat", ...aroundOf(providers, name) };
}

/** Where its address is known, what goes to the providers themselves goes through AI Gateway; a server of one's own does not. */
function throughGateway(config: SpeechConfig, { provider, model }: ModelName, service: OpenAiService): OpenAiService {
  const { aiGatewayUrl, aiGatewayToken } = config;
  const isProviders = provider !== "openai" || new URL(service.baseUrl).hostname === openAiHost;
  if (aiGatewayUrl === undefined || !isProviders) return service;
  const headers = ({ tenant: tenantId, traceId, route }: Call) => ({
    "cf-aig-metadata": JSON.stringify({ tenantId, traceId, route }),
    ...(aiGatewayToken === undefined ? {} : { "cf-aig-authorization": `Bearer ${aiGatewayToken}` }),
  });
  const prefix = provider === "google" ? "google-ai-studio" : provider;
  return { ...service, baseUrl: `${aiGatewayUrl}/compat`, model: `${prefix}/${model}`, headers };
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
    case "anthropic": {
      const { anthropicApiKey: apiKey } = config;
      return apiKey === undefined ? undefined : { name, model, baseUrl: anthropicBaseUrl, apiKey, isOwn: false };
    }
    case "google": {
      const { googleApiKey: apiKey } = config;
      return apiKey === undefined ? undefined : { name, model, baseUrl: googleBaseUrl, apiKey, isOwn: false };
    }
    case "workers-ai":
      // Never past the gateway that notes and limits it.
      return ai && config.aiGatewayId !== undefined ? { name, model, ai, gatewayId: config.aiGatewayId } : undefined;
  }
}

const openAiHost = "api.openai.com";
/** The providers' own endpoints of OpenAI's shape. */
const anthropicBaseUrl = "https://api.anthropic.com/v1";
const googleBaseUrl = "https://generativelanguage.googleapis.com/v1beta/openai";

function aroundOf({ config, tenant }: Providers, name: ModelName): Omit<Candidate<unknown>, "model" | "kind"> {
  const where =
    name.provider === "embedded" ? config.embeddedBaseUrl : name.provider === "openai" ? config.openAiBaseUrl : "";
  return {
    name: modelNameOf(name),
    isOwn: name.provider === "embedded",
    isPriced: name.provider !== "openai" || new URL(config.openAiBaseUrl).hostname === openAiHost,
    circuit: circuitOf(tenant, modelNameOf(name), where),
  };
}

function abilitiesOf({ provider }: ModelName): Parameters<typeof openAiSynthesizer>[1] {
  if (provider !== "embedded") return undefined;
  return { formats: ["wav", "pcm"], voices: fliteVoices, voiceNamed: fliteVoiceNamed };
}
