/** Variables on speaker resolve: which service answers, and how sessions send their audio to it by themselves. */
import * as z from "zod";
import type { ResolveSettings } from "../../../schemas/http/sessions.ts";
import { limits } from "../../../schemas/limits.ts";
import { type ValuesOf, variable } from "./variable.ts";

/** A path is appended to it, so nothing may come after its own; a credential in it would end up in errors. */
function isPlainBase(text: string): boolean {
  const { search, hash, username, password } = new URL(text);
  return search + hash + username + password === "";
}

export const resolveVariables = {
  INFERENCE_BASE_URL: variable(
    z
      .url({ protocol: /^https?$/, abort: true })
      .refine(isPlainBase, "no query, fragment or credentials")
      .optional(),
  ).describe("Origin and optional path of the speaker-resolve service. Without it, the embedded resolver answers."),
  LOCAL_INFERENCE_URL: variable(
    z
      .union([z.enum(["own", "off"]), z.url({ protocol: /^https?$/, error: "own, off, or an http or https URL" })])
      .default("off"),
  ).describe(
    "Inference service beside the gateway, asked who speaks where `INFERENCE_BASE_URL` is unset; while it is not there the embedded resolver answers. `own` is the one of `npm start`, which asks it where neither this nor another service is named.",
  ),
  INFERENCE_RESOLVE_PATH: variable(z.string().startsWith("/").default("/speaker/resolve")).describe(
    "Path of the resolve call, appended to the base URL.",
  ),
  INFERENCE_API_KEY: variable(z.string().optional()).describe("Sent to the service as `x-api-key`. A secret."),
  RESOLVE_AUTO: variable(z.enum(["on", "off"]).default("on")).describe(
    "Whether sessions send their audio to speaker resolve by themselves, where a session's own `resolve.auto` does not say.",
  ),
  RESOLVE_WINDOW_CHUNKS: variable(z.coerce.number().int().min(1).max(limits.maxWindowChunks).default(4)).describe(
    "Seconds of one track that are resolved together, where a session's own `resolve.window_chunks` does not say.",
  ),
  RESOLVE_REVIEW: variable(z.enum(["on", "off"]).default("off")).describe(
    "Whether all of each track is looked at again once a session is finalized, where its own `resolve.review` does not say. Needs a service that does: `REVIEW_BASE_URL`. `npm start` with its own inference service has it on.",
  ),
  REVIEW_BASE_URL: variable(
    z
      .union([z.enum(["own", "off"]), z.url({ protocol: /^https?$/, error: "own, off, or an http or https URL" })])
      .optional(),
  ).describe(
    "Origin and optional path of the service that looks at whole tracks again, at `/speaker/review` below it. Without it that is the service of `INFERENCE_BASE_URL`, else of `LOCAL_INFERENCE_URL`. `own` is the one of `npm start`, which asks it where no other is named.",
  ),
  INFERENCE_TIMEOUT_MS: variable(z.coerce.number().int().min(100).max(120_000).default(15_000)).describe(
    "How long one resolve call may take, in ms. A second look at a track may take half of the track's length more.",
  ),
};

/** Where the speaker-resolve service is. */
export interface InferenceConfig {
  readonly url: string;
  /** Sent as `x-api-key`. */
  readonly apiKey: string | undefined;
  readonly timeoutMs: number;
}

/** Settings of sessions that have none of their own. */
export function resolveDefaultsOf(values: ValuesOf<typeof resolveVariables>): ResolveSettings {
  return Object.freeze({
    auto: values.RESOLVE_AUTO === "on",
    window_chunks: values.RESOLVE_WINDOW_CHUNKS,
    review: values.RESOLVE_REVIEW === "on",
  });
}

/** @returns undefined for the embedded resolver. */
export function inferenceConfigOf(values: ValuesOf<typeof resolveVariables>): InferenceConfig | undefined {
  const { INFERENCE_BASE_URL: base, INFERENCE_RESOLVE_PATH: path } = values;
  if (base === undefined) return undefined;
  const url = base.replace(/\/+$/, "") + path;
  return Object.freeze({ url, apiKey: values.INFERENCE_API_KEY, timeoutMs: values.INFERENCE_TIMEOUT_MS });
}

/** @returns undefined where no service runs beside the gateway. */
export function localInferenceConfigOf(values: ValuesOf<typeof resolveVariables>): InferenceConfig | undefined {
  const { LOCAL_INFERENCE_URL: base, INFERENCE_TIMEOUT_MS: timeoutMs } = values;
  return base === "own" || base === "off"
    ? undefined
    : Object.freeze({ url: `${base.replace(/\/+$/, "")}/speaker/resolve`, apiKey: undefined, timeoutMs });
}

/** @returns undefined where no service is set up that looks at whole tracks again. */
export function reviewConfigOf(values: ValuesOf<typeof resolveVariables>): InferenceConfig | undefined {
  const { REVIEW_BASE_URL: own, INFERENCE_BASE_URL: service, LOCAL_INFERENCE_URL: local } = values;
  const base = [own, service, local].find((url) => url !== undefined && url !== "own" && url !== "off");
  if (own === "off" || base === undefined) return undefined;
  // The key is the service's own: whoever else is named does not get it.
  const apiKey = base === service ? values.INFERENCE_API_KEY : undefined;
  return Object.freeze({
    url: `${base.replace(/\/+$/, "")}/speaker/review`,
    apiKey,
    timeoutMs: values.INFERENCE_TIMEOUT_MS,
  });
}
