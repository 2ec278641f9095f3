/** Variables on models: which ones hear, speak and write, and where they are. Read by the app; the gateway knows none of them. */
import * as z from "zod";
import { type CaptionsMode, captionsModeSchema } from "../../../schemas/http/sessions.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { eachOf } from "../http/issue-words.ts";
import { liveModelVariables } from "./live-models.ts";
import { openAiVariables } from "./openai.ts";
import { listedBy, variable } from "./variable.ts";

const providers = ["embedded", "openai", "workers-ai", "anthropic", "google"] as const;
export type ProviderName = (typeof providers)[number];

/** A model that may be asked, as `provider/model`. */
export interface ModelName {
  readonly provider: ProviderName;
  readonly model: string;
}

const modelPattern = /^(embedded|openai|workers-ai|anthropic|google)\/([A-Za-z0-9@._:/-]{1,120})$/;

/** @returns undefined where it is no name of a model. */
export function parseModelName(name: string): ModelName | undefined {
  const [, provider, model] = modelPattern.exec(name) ?? [];
  return provider === undefined || model === undefined ? undefined : { provider: provider as ProviderName, model };
}

export function modelNameOf({ provider, model }: ModelName): string {
  return `${provider}/${model}`;
}

const modelList = listedBy(/[\s,]+/)
  .refine((names) => names.length > 0 && names.every((name) => parseModelName(name)), {
    error: `models as provider/model, with commas between; providers are ${providers.join(", ")}`,
  })
  .transform((names) => names.flatMap((name) => parseModelName(name) ?? []));
/** `route=model+model`, with commas between. */
const routeModels = listedBy(/[\s,]+/)
  .refine((entries) => entries.every((entry) => routeModelsIn(entry)), {
    error: "route=provider/model, with + between models and commas between routes",
  })
  .transform((entries) => new Map(entries.flatMap((entry) => routeModelsIn(entry) ?? [])));

function routeModelsIn(entry: string): [string, ModelName[]][] | undefined {
  const [, route, names] = /^(chat|completions|escalate)=(.+)$/.exec(entry) ?? [];
  const models = names?.split("+").map(parseModelName);
  if (route === undefined || models === undefined || models.includes(undefined)) return undefined;
  return [[route, models.flatMap((model) => model ?? [])]];
}

const workersAiModel = z
  .string()
  .regex(/^@[A-Za-z0-9@._:/-]{1,119}$/, { error: "a model of Workers AI, such as @cf/…" });
const baseUrl = z.url({ protocol: /^https?$/, error: "an http or https URL" });

export const speechVariables = {
  EMBEDDED_BASE_URL: variable(z.union([z.literal("off"), baseUrl]).optional()).describe(
    "Address of the inference service. `npm start` has one of its own; `off` does without.",
  ),
  ...openAiVariables,
  AI_GATEWAY_ID: variable(
    z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .optional(),
  ).describe(
    "The AI Gateway that calls of `workers-ai/…` go through: its name in the account. Without it none of them is set up.",
  ),
  AI_GATEWAY_URL: variable(baseUrl.optional()).describe(
    "The same as an address (`https://gateway.ai.cloudflare.com/v1/ACCOUNT/GATEWAY`); `AI_GATEWAY_ID` goes before it. With it, chat with `openai/…`, `anthropic/…` and `google/…` goes through the gateway as well.",
  ),
  AI_GATEWAY_TOKEN: variable(z.string().optional()).describe("For a gateway that asks for one. A secret."),
  ANTHROPIC_API_KEY: variable(z.string().optional()).describe("Sets `anthropic/…` up, for chat. A secret."),
  CHAT_MODEL: variable(modelList.optional()).describe(
    "Models that write answers of chat, in order of preference. `embedded/extractive`, which quotes, without it; it also answers where all of them fail.",
  ),
  CHAT_MODELS_ALLOWED: variable(modelList.optional()).describe(
    "Models that a tenant or a request may choose for chat, besides those of `CHAT_MODEL`.",
  ),
  CHAT_MODEL_ROUTES: variable(routeModels.optional()).describe(
    "Another order for some routes: `escalate=anthropic/…+openai/…, completions=openai/…`. Routes are chat, completions, escalate. Those models must be among the allowed ones.",
  ),
  WORKERS_AI_MODEL_CHAT: variable(workersAiModel.optional()).describe(
    "Another spelling of `CHAT_MODEL=workers-ai/…`, which goes before it.",
  ),
  STT_MODEL: variable(modelList.optional()).describe(
    "Models that transcribe, as `provider/model`, in order of preference: the next one is asked where one fails. `embedded/moonshine-tiny` without it.",
  ),
  TTS_MODEL: variable(modelList.optional()).describe("Models that speak, likewise. `embedded/flite` without it."),
  STT_MODELS_ALLOWED: variable(modelList.optional()).describe(
    "Models that a tenant or a request may choose for transcriptions, besides those of `STT_MODEL`.",
  ),
  TTS_MODELS_ALLOWED: variable(modelList.optional()).describe("Likewise for speech, besides those of `TTS_MODEL`."),
  WORKERS_AI_MODEL_STT: variable(workersAiModel.optional()).describe(
    "Another spelling of `STT_MODEL=workers-ai/…`, which goes before it.",
  ),
  WORKERS_AI_MODEL_TTS: variable(workersAiModel.optional()).describe("Likewise of `TTS_MODEL`."),
  ...liveModelVariables,
  CAPTIONS: variable(captionsModeSchema.default("off")).describe(
    "Whether meetings are transcribed as they go on, where a session is not told otherwise: `off`, `final`, or `live` (words while they are spoken). `npm start`: `final`.",
  ),
  CAPTIONS_TIMEOUT_MS: variable(z.coerce.number().int().min(1_000).max(300_000).default(60_000)).describe(
    "How long a model may take for a piece of captions, of 13 s at most, before it is given up and asked again.",
  ),
};

const speechSchema = z.object(speechVariables);

/** Models of one kind. */
export interface ModelChoice {
  /** In order of preference. */
  readonly preferred: readonly ModelName[];
  /** All that may be chosen, the preferred ones first. */
  readonly allowed: readonly ModelName[];
}

export interface SpeechConfig {
  /** Undefined where there is no service. */
  readonly embeddedBaseUrl: string | undefined;
  readonly openAiBaseUrl: string;
  readonly openAiApiKey: string | undefined;
  readonly captions: CaptionsMode;
  readonly captionsTimeoutMs: number;
  /** Undefined: calls of Workers AI go through no gateway. */
  readonly aiGatewayId: string | undefined;
  /** Undefined: it is not known, and providers are asked themselves. */
  readonly aiGatewayUrl: string | undefined;
  readonly aiGatewayToken: string | undefined;
  readonly anthropicApiKey: string | undefined;
  readonly googleApiKey: string | undefined;
  readonly stt: ModelChoice;
  readonly tts: ModelChoice;
  readonly chat: ModelChoice;
  /** Orders of models that hold for some routes alone. */
  readonly chatRoutes: ReadonlyMap<string, readonly ModelName[]>;
}

/** @returns the names of the variables that don't parse, each with what was expected. */
export function parseSpeechConfig(env: object): Result<SpeechConfig, string[]> {
  const parsed = speechSchema.safeParse(env);
  if (!parsed.success) return err(eachOf(parsed.error, env));
  const { EMBEDDED_BASE_URL: embedded, ...values } = parsed.data;
  return ok({
    embeddedBaseUrl: embedded === "off" || embedded === undefined ? undefined : `${withoutSlash(embedded)}/v1`,
    openAiBaseUrl: withoutSlash(values.OPENAI_BASE_URL),
    openAiApiKey: values.OPENAI_API_KEY,
    captions: values.CAPTIONS,
    captionsTimeoutMs: values.CAPTIONS_TIMEOUT_MS,
    aiGatewayId: values.AI_GATEWAY_ID ?? gatewayIn(values.AI_GATEWAY_URL),
    stt: choice(
      values.STT_MODEL ??
        ofWorkersAi(values.WORKERS_AI_MODEL_STT) ?? [{ provider: "embedded", model: "moonshine-tiny" }],
      values.STT_MODELS_ALLOWED,
    ),
    tts: choice(
      values.TTS_MODEL ?? ofWorkersAi(values.WORKERS_AI_MODEL_TTS) ?? [{ provider: "embedded", model: "flite" }],
      values.TTS_MODELS_ALLOWED,
    ),
    chat: chatChoice(values),
    chatRoutes: values.CHAT_MODEL_ROUTES ?? new Map(),
    aiGatewayUrl: values.AI_GATEWAY_URL === undefined ? undefined : withoutSlash(values.AI_GATEWAY_URL),
    aiGatewayToken: values.AI_GATEWAY_TOKEN,
    anthropicApiKey: values.ANTHROPIC_API_KEY,
    googleApiKey: values.GOOGLE_API_KEY,
  });
}

function choice(preferred: readonly ModelName[], others: readonly ModelName[] = []): ModelChoice {
  return { preferred, allowed: distinct([...preferred, ...others]) };
}

/** The one that comes with an installation, which quotes. */
export const quotingModel = { provider: "embedded", model: "extractive" } as const satisfies ModelName;

/** It may always be chosen: it takes nothing. */
function chatChoice(
  values: Pick<z.infer<typeof speechSchema>, "CHAT_MODEL" | "CHAT_MODELS_ALLOWED" | "WORKERS_AI_MODEL_CHAT">,
) {
  const preferred = values.CHAT_MODEL ?? ofWorkersAi(values.WORKERS_AI_MODEL_CHAT) ?? [quotingModel];
  return choice(preferred, [...(values.CHAT_MODELS_ALLOWED ?? []), quotingModel]);
}

export function distinct(names: readonly ModelName[]): ModelName[] {
  return [...new Map(names.map((name) => [modelNameOf(name), name])).values()];
}

function ofWorkersAi(model: string | undefined): ModelName[] | undefined {
  return model === undefined ? undefined : [{ provider: "workers-ai", model }];
}

function gatewayIn(url: string | undefined): string | undefined {
  return url === undefined ? undefined : /\/v1\/[^/]+\/([A-Za-z0-9_-]{1,64})(\/|$)/.exec(new URL(url).pathname)?.[1];
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
