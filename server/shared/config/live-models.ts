/** Variables on models that listen and speak: which take part in meetings, and where they are. Read by the app. */
import * as z from "zod";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { eachOf } from "../http/issue-words.ts";
import { openAiVariables } from "./openai.ts";
import { listedBy, variable } from "./variable.ts";

const providers = ["embedded", "google", "openai"] as const;

/** A live model, as `provider/model`. */
export interface LiveModelName {
  readonly provider: (typeof providers)[number];
  readonly model: string;
}

const pattern = /^(embedded|google|openai)\/([A-Za-z0-9@._:/-]{1,120})$/;

/** @returns undefined where it is no name of a live model. */
export function parseLiveModel(name: string): LiveModelName | undefined {
  const [, provider, model] = pattern.exec(name) ?? [];
  return model === undefined ? undefined : { provider: provider as LiveModelName["provider"], model };
}

export function liveModelNameOf({ provider, model }: LiveModelName): string {
  return `${provider}/${model}`;
}

const modelList = listedBy(/[\s,]+/)
  .refine((names) => names.length > 0 && names.every((name) => parseLiveModel(name)), {
    error: `live models as provider/model, with commas between; providers are ${providers.join(", ")}`,
  })
  .transform((names) => names.flatMap((name) => parseLiveModel(name) ?? []));

export const liveModelVariables = {
  LIVE_MODEL: variable(modelList.optional()).describe(
    "Models that may take part in meetings, as `provider/model`, the usual one first. `embedded/interviewer` without it: it asks questions, with the models of `STT_MODEL` and `TTS_MODEL`.",
  ),
  GOOGLE_BASE_URL: variable(
    z.url({ protocol: /^https?$/, error: "an http or https URL" }).default("https://generativelanguage.googleapis.com"),
  ).describe("Where live models of `google/…` are."),
  GOOGLE_API_KEY: variable(z.string().optional()).describe(
    "Sets `google/…` up, for chat and for participants. A secret.",
  ),
  TRANSCRIPT_URL: variable(
    z
      .url({ protocol: /^https?$/, error: "an http or https URL" })
      .max(2_048)
      .optional(),
  ).describe(
    "Where the transcript of a conversation goes at its end, such as a tRPC mutation's address. With `WORKER_SHARED_SECRET` as a bearer token.",
  ),
  TRANSCRIPT_FORMAT: variable(z.enum(["superjson", "json"]).default("superjson")).describe(
    "How it is written: `superjson`, as tRPC servers with that transformer take it, or plain `json` with ISO times.",
  ),
};

/** Described where webhooks and speech are, which use them too. */
const schema = z.object({
  ...liveModelVariables,
  ...openAiVariables,
  WORKER_SHARED_SECRET: variable(z.string().optional()),
});

export interface TranscriptTarget {
  readonly url: string;
  readonly secret: string | undefined;
  readonly format: "superjson" | "json";
}

export interface LiveModels {
  /** In order of preference; one at least. */
  readonly models: readonly LiveModelName[];
  readonly googleBaseUrl: string;
  readonly googleApiKey: string | undefined;
  readonly openAiBaseUrl: string;
  readonly openAiApiKey: string | undefined;
  /** Undefined: transcripts go nowhere. */
  readonly transcripts: TranscriptTarget | undefined;
}

/** @returns the names of the variables that don't parse, each with what was expected. */
export function parseLiveModels(env: object): Result<LiveModels, string[]> {
  const parsed = schema.safeParse(env);
  if (!parsed.success) return err(eachOf(parsed.error, env));
  const { TRANSCRIPT_URL: url } = parsed.data;
  return ok({
    models: parsed.data.LIVE_MODEL ?? [{ provider: "embedded", model: "interviewer" }],
    googleBaseUrl: parsed.data.GOOGLE_BASE_URL.replace(/\/+$/, ""),
    googleApiKey: parsed.data.GOOGLE_API_KEY,
    openAiBaseUrl: parsed.data.OPENAI_BASE_URL.replace(/\/+$/, ""),
    openAiApiKey: parsed.data.OPENAI_API_KEY,
    transcripts:
      url === undefined
        ? undefined
        : { url, secret: parsed.data.WORKER_SHARED_SECRET, format: parsed.data.TRANSCRIPT_FORMAT },
  });
}
