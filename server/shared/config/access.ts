/** Variables on who may come in: credentials and the origins of web pages (SPEC P). */
import * as z from "zod";
import { limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { parseOrigin } from "../access/origins.ts";
import { listedBy, type ValuesOf, variable } from "./variable.ts";

/** RFC 7518 §3.2: a key of HS256 has at least as many bits as its hash. */
const minJwtSecretBytes = 32;

/** Entries as clients send them; one that can be no origin is named by its place. */
const originList = listedBy(/[\s,]+/).transform((entries, context) =>
  entries.flatMap((entry, index) => {
    if (entry === "*") return [entry];
    const origin = parseOrigin(entry);
    if (origin.ok) return [origin.value];
    context.addIssue({ code: "custom", message: `entry ${index + 1} is no origin: ${origin.error}` });
    return [];
  }),
);

export const accessVariables = {
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
  ALLOWED_ORIGINS: variable(originList.optional()).describe(
    "Origins whose web pages, browser extensions (`chrome-extension://…`) and apps (`tauri://localhost`, `capacitor://localhost`, `app://.`) may use the gateway, with spaces or commas between; `*` for all. Its own origin always may; with `AUTH_MODE=off`, pages of this machine too.",
  ),
  ORIGIN_REQUIRED: variable(z.enum(["true", "false"]).default("false")).describe(
    "`true`: for installations that serve web pages alone. What comes without an `Origin` that is let in, or a `Referer` of one, is refused, backends and command lines too; only `/health`, `/ready` and the pages themselves are for all.",
  ),
};

export interface AccessConfig {
  readonly authMode: "required" | "off";
  /** Secrets of session tokens. The first signs; all are accepted. Empty where no tokens can be made or taken. */
  readonly jwtSecrets: readonly string[];
  readonly audience: string;
  /** Origins whose pages are let in; `*` for all. */
  readonly allowedOrigins: readonly string[];
  /** Whether a request that names no origin is refused. */
  readonly originRequired: boolean;
}

/** The error of a deployment that requires credentials and can't check them. */
export const missingSecret = "JWT_SECRET: missing; without it no session token can be checked";

export function accessConfigOf(values: ValuesOf<typeof accessVariables>): Result<AccessConfig, string[]> {
  const { AUTH_MODE: authMode, JWT_SECRET: jwtSecrets = [], JWT_AUDIENCE: audience } = values;
  if (authMode === "required" && jwtSecrets.length === 0) return err([missingSecret]);
  const allowedOrigins = Object.freeze(values.ALLOWED_ORIGINS ?? []);
  const originRequired = values.ORIGIN_REQUIRED === "true";
  return ok(
    Object.freeze({ authMode, jwtSecrets: Object.freeze(jwtSecrets), audience, allowedOrigins, originRequired }),
  );
}
