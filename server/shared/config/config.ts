/**
 * The variables of the deployment, parsed once into a frozen Config. A value that doesn't parse stops the
 * gateway from serving (503 naming the variable, never its value): it does not run on a guess.
 */
import * as z from "zod";
import { autoFinalizeMsSchema, type ResolveSettings, retentionDaysSchema } from "../../../schemas/http/sessions.ts";
import { type InstallationLimits, limitRows, limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { decodeBase64 } from "../../../schemas/wire/base64.ts";
import { parseDestination } from "./destination.ts";

/** An unset variable and an empty one are the same thing. */
const unsetWhenEmpty = (value: unknown): unknown => (value === "" ? undefined : value);
const variable = <T extends z.ZodType>(schema: T) => z.preprocess(unsetWhenEmpty, schema);

/** A path is appended to it, so nothing may come after its own; a credential in it would end up in errors. */
function isPlainBase(text: string): boolean {
  const { search, hash, username, password } = new URL(text);
  return search + hash + username + password === "";
}

/** https://www.standardwebhooks.com: 24 to 64 random bytes. */
function isWebhookSecret(text: string): boolean {
  const bytes = text.startsWith("whsec_") ? decodeBase64(text.slice("whsec_".length)) : undefined;
  return bytes?.ok === true && bytes.value.length >= 24 && bytes.value.length <= 64;
}

/** RFC 7518 §3.2: a key of HS256 has at least as many bits as its hash. */
const minJwtSecretBytes = 32;

const listedBy = (separator: RegExp) =>
  z.string().transform((text) => text.split(separator).filter((part) => part !== ""));

/** As a browser sends it in `Origin`: a scheme, a host, maybe a port. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text && !text.includes("*");
}

/** Every variable but those of limits, with its default. `docs/reference.md` is generated from the descriptions. */
export const configVariablesSchema = z.object({
  AUTH_MODE: variable(z.enum(["required", "off"]).default("required")).describe(
    "`off` asks for no credentials and serves only requests to this machine itself (`localhost`, `127.0.0.1`, `[::1]`): local development, and the default of `npm start`.",
  ),
  JWT_SECRET: variable(
    listedBy(/\s+/)
      .refine(
        (secrets) => secrets.every((secret) => new TextEncoder().encode(secret).length >= minJwtSecretBytes),
        `at least ${minJwtSecretBytes} bytes each`,
      )
      .optional(),
  ).describe(
    "Signs and checks session tokens (HS256): at least 32 bytes, without spaces. Several with spaces between are all accepted and the first one signs, so that one can take over from another. A secret; `AUTH_MODE=required` needs it.",
  ),
  JWT_AUDIENCE: variable(z.string().max(limits.maxShortTextChars).default("roomtone")).describe(
    "The `aud` of session tokens. A token with another one is refused; one without any is not.",
  ),
  ALLOWED_ORIGINS: variable(
    listedBy(/[\s,]+/)
      .refine(
        (origins) => origins.every((origin) => origin === "*" || isOrigin(origin)),
        "origins such as https://app.example.com, or *",
      )
      .optional(),
  ).describe(
    "Web pages of which origins may use the gateway, with spaces or commas between; `*` for all. Its own origin always may; with `AUTH_MODE=off`, pages of this machine too.",
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
  WEBHOOK_URL: variable(
    z
      .url({ protocol: /^https?$/ })
      .max(limits.maxWebhookUrlChars)
      .optional(),
  ).describe("Where webhooks of sessions without a `webhook_url` go. Its origin alone gets `WORKER_SHARED_SECRET`."),
  WEBHOOK_SECRET: variable(
    z
      .string()
      .transform((text) => text.trim().split(/\s+/))
      .refine((secrets) => secrets.every(isWebhookSecret), "whsec_ and base64 of 24 to 64 bytes, or several of these")
      .optional(),
  ).describe(
    "Signs webhooks: `whsec_` and base64 of 24–64 bytes. Several with spaces between sign all, so that one can take over from another. A secret.",
  ),
  WORKER_SHARED_SECRET: variable(
    z
      .string()
      .regex(/^[\x21-\x7e]+$/, "printable ASCII without spaces")
      .optional(),
  ).describe(
    "Sent with webhooks as `Authorization: Bearer …`, to the origin of `WEBHOOK_URL` only. A secret, for a backend that checks no signature.",
  ),
  WEBHOOK_TIMEOUT_MS: variable(z.coerce.number().int().min(100).max(60_000).default(15_000)).describe(
    "How long one try to deliver a webhook may take, in ms.",
  ),
  RETENTION_DAYS: variable(z.coerce.number().pipe(retentionDaysSchema).optional()).describe(
    "Days after finalize, or after the last activity of a session never finalized, until a session is deleted, where its own `retention_days` does not say. A room that sleeps learns of a change when it wakes.",
  ),
  AUTO_FINALIZE_AFTER_MS: variable(
    z
      .preprocess((value) => (value === "off" ? 0 : value), z.coerce.number().pipe(autoFinalizeMsSchema))
      .default(86_400_000),
  ).describe(
    "A session that has audio and gets no more for so long, in ms, is finalized by itself, where its own `auto_finalize_after_ms` does not say. `off` or 0: never.",
  ),
  TRACK_STALLED_AFTER_MS: variable(
    z.coerce
      .number()
      .int()
      .min(0)
      .max(86_400_000)
      .refine((ms) => ms === 0 || ms >= 5_000, "0 or at least 5000")
      .default(60_000),
  ).describe(
    "A track without an `end` that gets no chunk for so long, in ms, has stalled: event `track.stalled`. 0: none ever.",
  ),
});

/** The variables that set limits, out of the table of limits. */
const limitVariablesSchema = z.object(
  Object.fromEntries(
    limitRows.flatMap(({ setBy, value, meaning }) => {
      if (!setBy) return [];
      const { variable: name, min, max, isOptional = false } = setBy;
      const number = z.coerce.number().int().min(min).max(max);
      const schema = z.union([number, ...(isOptional ? [z.literal("off").transform(() => null)] : [])], {
        error: `a whole number from ${min} to ${max}${isOptional ? ", or off" : ""}`,
      });
      const description = `${meaning}${isOptional ? " `off`: no limit." : ""}`;
      return [[name, variable(schema.default(value)).describe(description)]];
    }),
  ),
);

/** All variables of the deployment by name, each with its default and meaning. */
export const variablesShape: Readonly<Record<string, z.ZodType>> = {
  ...configVariablesSchema.shape,
  ...limitVariablesSchema.shape,
};

/** What the deployment's variables say of webhooks. */
export interface WebhookSettings {
  /** Where letters of sessions without a `webhook_url` go. */
  readonly url: string | undefined;
  /** `whsec_…`; every letter carries a signature by each, so that they can be changed one after the other. */
  readonly secrets: readonly string[];
  /** Sent as `Authorization: Bearer` to the origin of `url`, and to no other: a session's own URL is a caller's word. */
  readonly sharedSecret: string | undefined;
  readonly timeoutMs: number;
  /** Lets `http` and this machine pass. */
  readonly isDevelopment: boolean;
}

export interface AccessSettings {
  readonly authMode: "required" | "off";
  /** The first signs; all are accepted. Empty where no tokens can be made or taken. */
  readonly jwtSecrets: readonly string[];
  readonly audience: string;
  /** `*` for all. */
  readonly allowedOrigins: readonly string[];
}

export interface Config {
  readonly access: AccessSettings;
  readonly limits: InstallationLimits;
  readonly resolve: ResolveSettings;
  /** The speaker-resolve service; undefined for the embedded resolver. */
  readonly inference:
    | { readonly url: string; readonly apiKey: string | undefined; readonly timeoutMs: number }
    | undefined;
  readonly webhooks: WebhookSettings;
  /** 0: tracks never stall. */
  readonly trackStalledAfterMs: number;
  /** `retentionDays` null: sessions are kept. `autoFinalizeAfterMs` 0: never. */
  readonly lifecycle: { readonly retentionDays: number | null; readonly autoFinalizeAfterMs: number };
}

/** Said of a deployment that requires credentials and can't check them. */
export const missingSecret = "JWT_SECRET: missing; without it no session token can be checked";

/** @returns the config, or the names of the variables that don't parse, each with what was expected. */
export function parseConfig(env: object): Result<Config, string[]> {
  const parsed = configVariablesSchema.safeParse(env);
  const limitVars = limitVariablesSchema.safeParse(env);
  if (!parsed.success || !limitVars.success) {
    const issues = [...(parsed.error?.issues ?? []), ...(limitVars.error?.issues ?? [])];
    return err(issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`));
  }
  const vars = parsed.data;
  if (vars.AUTH_MODE === "required" && !vars.JWT_SECRET?.length) {
    return err([missingSecret]);
  }
  const inference = vars.INFERENCE_BASE_URL
    ? Object.freeze({
        url: vars.INFERENCE_BASE_URL.replace(/\/+$/, "") + vars.INFERENCE_RESOLVE_PATH,
        apiKey: vars.INFERENCE_API_KEY,
        timeoutMs: vars.INFERENCE_TIMEOUT_MS,
      })
    : undefined;
  const resolve = Object.freeze({ auto: vars.RESOLVE_AUTO === "on", window_chunks: vars.RESOLVE_WINDOW_CHUNKS });
  const webhooks = webhookSettingsOf(vars);
  if (!webhooks.ok) return webhooks;
  const trackStalledAfterMs = vars.TRACK_STALLED_AFTER_MS;
  return ok(
    Object.freeze({
      access: Object.freeze({
        authMode: vars.AUTH_MODE,
        jwtSecrets: Object.freeze(vars.JWT_SECRET ?? []),
        audience: vars.JWT_AUDIENCE,
        allowedOrigins: Object.freeze(vars.ALLOWED_ORIGINS ?? []),
      }),
      limits: installationLimits(limitVars.data),
      resolve,
      inference,
      webhooks: webhooks.value,
      trackStalledAfterMs,
      lifecycle: Object.freeze({
        retentionDays: vars.RETENTION_DAYS ?? null,
        autoFinalizeAfterMs: vars.AUTO_FINALIZE_AFTER_MS,
      }),
    }),
  );
}

function installationLimits(values: z.infer<typeof limitVariablesSchema>): InstallationLimits {
  const settable = limitRows.flatMap(({ name, setBy }) => (setBy ? [[name, values[setBy.variable]]] : []));
  // The keys are those of the table's rows with `setBy`, which is how the type is made too.
  return Object.freeze(Object.fromEntries(settable)) as InstallationLimits;
}

/** What holds where no variable says otherwise. */
export const defaultLimits = installationLimits(limitVariablesSchema.parse({}));

function webhookSettingsOf(vars: z.infer<typeof configVariablesSchema>): Result<WebhookSettings, string[]> {
  const { WEBHOOK_URL: url, WEBHOOK_SECRET: secrets = [], WORKER_SHARED_SECRET: sharedSecret } = vars;
  const isDevelopment = vars.AUTH_MODE === "off";
  if (url !== undefined) {
    const destination = parseDestination(url, isDevelopment);
    if (!destination.ok) return err([`WEBHOOK_URL: ${destination.error}`]);
    if (secrets.length === 0 && sharedSecret === undefined) {
      return err(["WEBHOOK_URL: needs WEBHOOK_SECRET or WORKER_SHARED_SECRET beside it"]);
    }
  }
  return ok(Object.freeze({ url, secrets, sharedSecret, timeoutMs: vars.WEBHOOK_TIMEOUT_MS, isDevelopment }));
}
