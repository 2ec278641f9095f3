/**
 * The variables of the deployment, parsed once into a frozen Config. A value that doesn't parse stops the
 * gateway from serving (503 naming the variable, never its value): it does not run on a guess.
 */
import * as z from "zod";
import type { ResolveSettings } from "../schemas/http.ts";
import { limits } from "../schemas/limits.ts";
import { err, ok, type Result } from "../schemas/result-type.ts";

/** An unset variable and an empty one are the same thing. */
const unsetWhenEmpty = (value: unknown): unknown => (value === "" ? undefined : value);
const variable = <T extends z.ZodType>(schema: T) => z.preprocess(unsetWhenEmpty, schema);

/** A path is appended to it, so nothing may come after its own; a credential in it would end up in errors. */
function isPlainBase(text: string): boolean {
  const { search, hash, username, password } = new URL(text);
  return search + hash + username + password === "";
}

/** Every variable, with its default. `docs/reference.md` is generated from the descriptions. */
export const configVariablesSchema = z.object({
  AUTH_MODE: variable(z.enum(["required", "off"]).default("required")).describe(
    "`off` serves without credentials (local development; the default of `npm start`). With `required` this version refuses to serve: it can't check credentials yet.",
  ),
  INFERENCE_BASE_URL: variable(
    z
      .url({ protocol: /^https?$/, abort: true })
      .refine(isPlainBase, "no query, fragment or credentials")
      .optional(),
  ).describe("Origin and optional path of the speaker-resolve service. Without it, the embedded resolver answers."),
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
});

export interface Config {
  readonly authMode: "required" | "off";
  readonly resolve: ResolveSettings;
  /** The speaker-resolve service; undefined for the embedded resolver. */
  readonly inference:
    | { readonly url: string; readonly apiKey: string | undefined; readonly timeoutMs: number }
    | undefined;
}

/** @returns the config, or the names of the variables that don't parse, each with what was expected. */
export function parseConfig(env: object): Result<Config, string[]> {
  const parsed = configVariablesSchema.safeParse(env);
  if (!parsed.success) {
    return err(parsed.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`));
  }
  const vars = parsed.data;
  const inference = vars.INFERENCE_BASE_URL
    ? Object.freeze({
        url: vars.INFERENCE_BASE_URL.replace(/\/+$/, "") + vars.INFERENCE_RESOLVE_PATH,
        apiKey: vars.INFERENCE_API_KEY,
        timeoutMs: vars.INFERENCE_TIMEOUT_MS,
      })
    : undefined;
  const resolve = Object.freeze({ auto: vars.RESOLVE_AUTO === "on", window_chunks: vars.RESOLVE_WINDOW_CHUNKS });
  return ok(Object.freeze({ authMode: vars.AUTH_MODE, resolve, inference }));
}
