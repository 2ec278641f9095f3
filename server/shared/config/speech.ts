/** Variables on speech: which models hear and speak, and where they are. Read by the app; the gateway knows none of them. */
import * as z from "zod";
import { type CaptionsMode, captionsModeSchema } from "../../../schemas/http/sessions.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { listedBy, variable } from "./variable.ts";

const providers = ["embedded", "openai"] as const;
export type ProviderName = (typeof providers)[number];

/** A model that may be asked, as `provider/model`. */
export interface ModelName {
  readonly provider: ProviderName;
  readonly model: string;
}

const modelPattern = /^(embedded|openai)\/([A-Za-z0-9@._:/-]{1,120})$/;
const modelList = listedBy(/[\s,]+/)
  .refine((names) => names.length > 0 && names.every((name) => modelPattern.test(name)), {
    error: `models as provider/model, with commas between; providers are ${providers.join(", ")}`,
  })
  .transform((names) =>
    names.map((name): ModelName => {
      const [, provider = "", model = ""] = modelPattern.exec(name) ?? [];
      return { provider: provider as ProviderName, model };
    }),
  );
const baseUrl = z.url({ protocol: /^https?$/, error: "an http or https URL" });

export const speechVariables = {
  EMBEDDED_BASE_URL: variable(z.union([z.literal("off"), baseUrl]).optional()).describe(
    "Address of the inference service. `npm start` has one of its own; `off` does without.",
  ),
  OPENAI_BASE_URL: variable(baseUrl.default("https://api.openai.com/v1")).describe(
    "Where `openai/…` models are: any API of OpenAI's shape, such as Groq, vLLM or speaches. Ends before `/audio`.",
  ),
  OPENAI_API_KEY: variable(z.string().optional()).describe("Sent there as a bearer token. A secret."),
  STT_MODEL: variable(modelList.prefault("embedded/moonshine-tiny")).describe(
    "Models that transcribe, as `provider/model`, in order of preference: the next one is asked where one fails.",
  ),
  CAPTIONS: variable(captionsModeSchema.default("off")).describe(
    "Whether meetings are transcribed as they go on, where a session is not told otherwise: `off` or `final`. `npm start`: `final`.",
  ),
  TTS_MODEL: variable(modelList.prefault("embedded/flite")).describe("Models that speak, likewise."),
};

const speechSchema = z.object(speechVariables);

export interface SpeechConfig {
  /** Undefined where there is no service. */
  readonly embeddedBaseUrl: string | undefined;
  readonly openAiBaseUrl: string;
  readonly openAiApiKey: string | undefined;
  readonly captions: CaptionsMode;
  readonly transcribers: readonly ModelName[];
  readonly synthesizers: readonly ModelName[];
}

/** @returns the names of the variables that don't parse, each with what was expected. */
export function parseSpeechConfig(env: object): Result<SpeechConfig, string[]> {
  const parsed = speechSchema.safeParse(env);
  if (!parsed.success) return err(parsed.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`));
  const { EMBEDDED_BASE_URL: embedded, ...values } = parsed.data;
  return ok({
    embeddedBaseUrl: embedded === "off" || embedded === undefined ? undefined : `${withoutSlash(embedded)}/v1`,
    openAiBaseUrl: withoutSlash(values.OPENAI_BASE_URL),
    openAiApiKey: values.OPENAI_API_KEY,
    captions: values.CAPTIONS,
    transcribers: values.STT_MODEL,
    synthesizers: values.TTS_MODEL,
  });
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
