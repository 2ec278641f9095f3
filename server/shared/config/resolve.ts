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
    "Inference service beside the gateway, asked who speaks where `INFERENCE_BASE_URL` is unset; while it is not there the embedded resolver answers. `own` is the one of `npm start`.",
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
  INFERENCE_TIMEOUT_MS: variable(z.coerce.number().int().min(100).max(120_000).default(15_000)).describe(
    "How long one resolve call may take, in ms.",
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
  return Object.freeze({ auto: values.RESOLVE_AUTO === "on", window_chunks: values.RESOLVE_WINDOW_CHUNKS });
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
